#pragma once

namespace usage {

// Sanitizers slow a test down five to twenty times, so the longest repeat less under them; the
// release build, which CI runs too, repeats in full.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace usage
