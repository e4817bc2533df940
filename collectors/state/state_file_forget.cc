#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "collectors/facts/codec.h"
#include "collectors/state/blob_store.h"
#include "collectors/state/state_file.h"
#include "collectors/state/state_file_texts.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

template <typename Bucket>
Interval all_of(const std::map<Instant, Bucket>& buckets) {
  if (buckets.empty()) {
    return {};
  }
  return {buckets.begin()->first, buckets.rbegin()->first + Duration(1)};
}

}  // namespace

bool StateFile::forget(Facts& facts, std::string_view user) {
  const auto id = facts.users.find(user);
  if (!id) {
    return false;
  }
  const Interval active = all_of(facts.activity.buckets());
  facts.users.forget(*id);
  facts.activity.forget(*id);
  facts.for_each_table([&](const std::string&, FeatureFacts& table) {
    if (!table.shape().of_artifacts) {
      table.forget(*id);
    }
  });
  Changes changes(*this);
  state::put_texts(*blobs_, "users", "", facts.users, 0);
  changes.put_users(facts);
  changes.put_activity(facts.activity, active);
  facts.for_each_table([&](const std::string& name, FeatureFacts& table) {
    changes.put_feature(name, table, all_of(table.buckets()));
  });
  changes.commit();
  blobs_->scrub();
  remove_set_aside();
  return true;
}

bool StateFile::forget(std::string_view user) {
  Facts facts;
  std::string why;
  try {
    read(facts, everything(facts));
  } catch (const state::Damaged& damaged) {
    why = damaged.what;
  } catch (const Error& error) {
    if (error.reason() != Reason::data) {
      throw;
    }
    why = "facts cannot be read";
  }
  if (!why.empty()) {
    set_aside(why);
  }
  if (opened_ == Opened::damaged || !forget(facts, user)) {
    remove_set_aside();
    return opened_ == Opened::damaged;
  }
  return true;
}

// Makes a place in `facts` for all that the file holds.
std::map<std::string, StateFile::Table> StateFile::everything(Facts& facts) {
  constexpr Duration kFinest = std::chrono::minutes(15);  // buckets of every width fit
  std::map<std::string, Table> tables;
  blobs_->each_name("table", [&](const std::string& name) {
    const std::string body = blobs_->get("table", name, 0).value();
    std::string_view rest = body;
    tables[name].fingerprint = codec::take_text(rest);
    if (const auto stored = blobs_->get("feature", name, 0)) {
      std::string_view feature = *stored;
      FeatureShape shape = state::shape_of(codec::take_text(feature));
      shape.name = name;
      facts.tables(name).emplace(name, FeatureFacts(std::move(shape), kFinest));
    }
  });
  return tables;
}

void StateFile::remove_set_aside() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().filename().string().starts_with(kAside)) {
      found.push_back(entry.path());
    }
  }
  for (const auto& path : found) {
    std::error_code failed;
    std::filesystem::remove(path, failed);
    if (failed) {
      throw Error(Reason::io,
                  fmt::format("cannot remove {}, which may still hold the user's id: {}; "
                              "remove it by hand",
                              path.string(), failed.message()));
    }
  }
}

}  // namespace usage
