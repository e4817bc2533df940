#include <utility>
#include <vector>

#include "collectors/facts/codec.h"
#include "collectors/state/blob_store.h"
#include "collectors/state/state_file.h"
#include "collectors/state/state_file_texts.h"
#include "exporter/base/error.h"

namespace usage {

namespace {

state::StoredBucket stored(Instant start, const PackedBucket& bucket) {
  state::StoredBucket stored{start, "", bucket.rest};
  bucket.uses.serialize(stored.who);
  return stored;
}

state::StoredBucket stored(Instant start, const IdSet& users) {
  return {start, users.serialize(), ""};
}

// Every UTC day that the interval touches is a piece of its own.
template <typename Bucket>
void put_days(state::BlobStore& blobs, const std::string& name, const Interval& interval,
              const std::map<Instant, Bucket>& buckets) {
  for (Instant day = day_of(interval.from); day < interval.to; day += std::chrono::days(1)) {
    std::vector<state::StoredBucket> found;
    const auto end = buckets.lower_bound(day + std::chrono::days(1));
    for (auto it = buckets.lower_bound(day); it != end; ++it) {
      found.push_back(stored(it->first, it->second));
    }
    if (found.empty()) {
      blobs.erase("day", name, state::day_number(day));
    } else {
      blobs.put("day", name, state::day_number(day), state::text_of(found));
    }
  }
}

}  // namespace

StateFile::Changes::Changes(StateFile& file) : file_(file), stored_(file.stored_) {
  file_.blobs_->begin();
}

StateFile::Changes::~Changes() {
  if (!committed_) {
    try {
      file_.blobs_->roll_back();
    } catch (const Error&) {
      // What made it fail was thrown already; SQLite rolls back when the file is opened again.
    }
  }
}

void StateFile::Changes::put_table(const std::string& name, const Table& table) {
  std::string body;
  codec::put_text(body, table.fingerprint);
  codec::put_text(body, table.progress);
  file_.blobs_->put("table", name, 0, body);
}

void StateFile::Changes::put_feature(const std::string& name, const FeatureFacts& facts,
                                     const Interval& interval) {
  std::string body;
  codec::put_text(body, state::text_of(facts.shape()));
  body += facts.counters().serialize();
  file_.blobs_->put("feature", name, 0, body);
  put_texts("scopes", name, facts.names().scopes);
  for (std::size_t i = 0; i < facts.names().dimensions.size(); ++i) {
    put_texts(state::dimension_kind(i), name, facts.names().dimensions[i]);
  }
  put_days(*file_.blobs_, name, interval, facts.buckets());
}

void StateFile::Changes::put_activity(const Activity& activity, const Interval& interval) {
  put_days(*file_.blobs_, kActivity, interval, activity.buckets());
}

void StateFile::Changes::put_users(const Facts& facts) {
  put_texts("users", "", facts.users);
  put_texts("artifacts", "", facts.artifacts);
}

void StateFile::Changes::put_texts(const std::string& kind, const std::string& name,
                                   const IdMap& texts) {
  std::uint32_t& stored = stored_[{kind, name}];
  if (stored < texts.size()) {
    state::put_texts(*file_.blobs_, kind, name, texts, stored);
    stored = texts.size();
  }
}

void StateFile::Changes::drop(const std::string& name) {
  if (name == kActivity) {  // the users, too, are of no feature
    file_.blobs_->erase_all("table", name);
    file_.blobs_->erase_all("day", name);
    return;
  }
  file_.blobs_->erase_name(name);
  std::erase_if(stored_, [&](const auto& entry) { return entry.first.second == name; });
}

void StateFile::Changes::commit() {
  file_.blobs_->commit();
  committed_ = true;
  file_.stored_ = std::move(stored_);
}

}  // namespace usage
