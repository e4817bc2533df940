#include "collectors/state/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "collectors/facts/codec.h"
#include "collectors/state/blob_store.h"
#include "collectors/state/state_file_texts.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void cannot_use(const std::string& folder, int code, const std::string& mend) {
  throw Error(Reason::io, fmt::format("cannot use the folder {} for state: {}; {}", folder,
                                      std::generic_category().message(code), mend));
}

template <typename Bucket, typename Parse>
std::map<Instant, Bucket> read_days(state::BlobStore& blobs, const std::string& name,
                                    const Parse& parse) {
  std::map<Instant, Bucket> buckets;
  blobs.each("day", name, [&](std::int64_t number, const std::string& body) {
    for (const state::StoredBucket& stored : state::buckets_of(number, body)) {
      buckets.emplace_hint(buckets.end(), stored.start, parse(stored));
    }
  });
  return buckets;
}

}  // namespace

// flock() rather than SQLite's locks: it covers the moves of damaged files too, and ends with the
// process however that ends.
class state::FolderLock {
 public:
  explicit FolderLock(const std::string& folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    const std::string path = folder + "/usage.lock";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0) {
      cannot_use(folder, errno, "check that it exists and may be written");
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int code = errno;
      ::close(descriptor_);
      if (code == EWOULDBLOCK) {
        throw Error(Reason::io,
                    fmt::format("the folder {} is in use by another process; stop that one, "
                                "or give this one a folder of its own",
                                folder));
      }
      cannot_use(folder, code, "give it one on a file system that can lock files");
    }
  }
  ~FolderLock() { ::close(descriptor_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

StateFile::StateFile(const std::string& folder, Instant now, Log& log)
    : folder_(folder), log_(log), now_(now), lock_(std::make_unique<state::FolderLock>(folder)) {
  try {
    open();
  } catch (const state::Damaged& damaged) {
    set_aside(damaged.what);
  }
}

StateFile::~StateFile() = default;

void StateFile::open() {
  const std::string path = folder_ + "/" + kFile;
  // SQLite would create it readable by everyone, and its other files after it.
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    cannot_use(folder_, errno, fmt::format("check that {} may be read and written", kFile));
  }
  ::fchmod(descriptor, 0600);
  ::close(descriptor);
  blobs_ = std::make_unique<state::BlobStore>(path);
  stored_.clear();
  if (const auto body = blobs_->get("created_at", "", 0)) {
    std::string_view rest = *body;
    created_at_ = Instant(Duration(codec::take_number(rest)));
    return;
  }
  opened_ = Opened::created;
  created_at_ = now_;
  std::string body;
  codec::put_number(body, static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  blobs_->put("created_at", "", 0, body);
}

void StateFile::set_aside(const std::string& why) {
  blobs_.reset();
  std::string time = format_rfc3339(std::chrono::floor<std::chrono::seconds>(now_));
  std::erase_if(time, [](char c) { return c == ':' || c == '-'; });
  std::string aside = folder_ + "/" + kAside + time;
  for (int i = 2; fs::exists(aside); ++i) {
    aside = fmt::format("{}/{}{}-{}", folder_, kAside, time, i);
  }
  for (const char* suffix : {"", "-wal", "-shm"}) {
    const std::string from = folder_ + "/" + kFile + suffix;
    if (fs::exists(from)) {
      std::error_code failed;
      fs::rename(from, aside + suffix, failed);
      if (failed) {
        cannot_use(folder_, failed.value(), "move its damaged usage.db away");
      }
    }
  }
  log_.error("the state file is damaged; it was moved aside, and all facts are read anew",
             {{"folder", folder_}, {"moved_to", fs::path(aside).filename()}, {"cause", why}});
  open();
  opened_ = Opened::damaged;
}

std::map<std::string, std::string> StateFile::fingerprints() {
  std::map<std::string, std::string> found;
  try {
    blobs_->each_name("table", [&](const std::string& name) {
      const std::string body = blobs_->get("table", name, 0).value();
      std::string_view rest = body;
      found[name] = codec::take_text(rest);
    });
  } catch (const state::Damaged&) {
    return {};
  } catch (const Error& error) {
    if (error.reason() != Reason::data) {
      throw;
    }
    return {};
  }
  return found;
}

std::map<std::string, StateFile::Table> StateFile::load(
    Facts& facts, const std::map<std::string, Table>& wanted) {
  std::string why;
  try {
    return read(facts, wanted);
  } catch (const state::Damaged& damaged) {
    why = damaged.what;
  } catch (const Error& error) {
    if (error.reason() != Reason::data) {
      throw;
    }
    why = "facts cannot be read";
  }
  facts.users = {};
  facts.artifacts = {};
  facts.activity.restore({});
  facts.for_each_table([](const std::string&, FeatureFacts& table) {
    table = FeatureFacts(table.shape(), table.bucket_width());
  });
  set_aside(why);
  return {};
}

std::map<std::string, StateFile::Table> StateFile::read(
    Facts& facts, const std::map<std::string, Table>& wanted) {
  std::map<std::string, Table> kept;
  std::vector<std::string> stale;
  blobs_->each_name("table", [&](const std::string& name) {
    const std::string body = blobs_->get("table", name, 0).value();
    std::string_view rest = body;
    Table table;
    table.fingerprint = codec::take_text(rest);
    table.progress = codec::take_text(rest);
    const auto found = wanted.find(name);
    bool fits = found != wanted.end() && found->second.fingerprint == table.fingerprint;
    if (fits && name != kActivity) {
      auto& tables = facts.tables(name);
      const auto made = tables.find(name);
      const auto stored = blobs_->get("feature", name, 0);
      std::string_view shape = stored ? std::string_view(*stored) : std::string_view();
      fits = made != tables.end() && stored &&
             codec::take_text(shape) == state::text_of(made->second.shape());
    }
    if (fits) {
      kept.emplace(name, std::move(table));
    } else {
      stale.push_back(name);
    }
  });
  for (const char* kind : {"feature", "day"}) {
    blobs_->each_name(kind, [&](const std::string& name) {
      if (!kept.contains(name)) {
        stale.push_back(name);  // facts without a table, which say nothing of how they were read
      }
    });
  }
  read_texts("users", "", facts.users);
  read_texts("artifacts", "", facts.artifacts);
  for (const auto& [name, table] : kept) {
    if (name == kActivity) {
      read_activity(facts.activity);
    } else {
      read_feature(name, facts.table(name));
    }
  }
  if (!stale.empty()) {
    Changes changes(*this);
    for (const std::string& name : stale) {
      changes.drop(name);
    }
    changes.commit();
  }
  return kept;
}

void StateFile::read_texts(const std::string& kind, const std::string& name, IdMap& texts) {
  state::read_texts(*blobs_, kind, name, texts);
  stored_[{kind, name}] = texts.size();
}

void StateFile::read_feature(const std::string& name, FeatureFacts& facts) {
  const std::string body = blobs_->get("feature", name, 0).value();
  std::string_view rest = body;
  codec::take_text(rest);
  FeatureCounters counters = FeatureCounters::parse(rest, facts.shape());
  read_texts("scopes", name, facts.names().scopes);
  for (std::size_t i = 0; i < facts.shape().dimensions.size(); ++i) {
    read_texts(state::dimension_kind(i), name, facts.names().dimensions[i]);
  }
  facts.restore(read_days<PackedBucket>(*blobs_, name,
                                        [](const auto& stored) {
                                          return PackedBucket::parse(stored.who, stored.rest);
                                        }),
                std::move(counters));
}

void StateFile::read_activity(Activity& activity) {
  activity.restore(read_days<IdSet>(*blobs_, kActivity,
                                    [](const auto& stored) { return IdSet::parse(stored.who); }));
}

}  // namespace usage
