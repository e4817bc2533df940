#pragma once

#include <string>
#include <string_view>

namespace usage {

// The key in an Authorization header: "Basic" with the key as the user's name, with or without a
// colon after it, or "Bearer". Empty for anything else.
std::string key_in_authorization(std::string_view header);

// Takes as long for a key that is nearly right as for any other of its length.
bool same_key(std::string_view presented, std::string_view key);

}  // namespace usage
