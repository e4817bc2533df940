#include "collectors/events/ingest/ingest_request.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "collectors/events/logs/log_line.h"

namespace usage {

namespace {

// A null is as if it were not there: the browser's client sends `userId: null`.
std::optional<json::Value> first(const json::Value& object,
                                 std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    const auto found = object.at(path);
    if (found && found->kind() != json::Value::Kind::null) {
      return found;
    }
  }
  return std::nullopt;
}

std::optional<std::string> text_at(const json::Value& object,
                                   std::initializer_list<std::string_view> paths) {
  std::string buffer;
  const auto value = first(object, paths);
  const auto text = value ? value->text(buffer) : std::nullopt;
  return text && !text->empty() ? std::optional<std::string>(*text) : std::nullopt;
}

std::optional<Instant> instant_at(const json::Value& object,
                                  std::initializer_list<std::string_view> paths) {
  const auto value = first(object, paths);
  return value ? parse_log_time(*value, TimeZone()) : std::nullopt;
}

IngestUser user_of(const json::Value& item, std::optional<std::string>& user) {
  // As kIngestUsers.
  for (const std::string_view path :
       {"userId", "distinct_id", "properties.user_id", "anonymousId"}) {
    user = text_at(item, {path});
    if (user) {
      return path == "userId"               ? IngestUser::user_id
             : path == "distinct_id"        ? IngestUser::distinct_id
             : path == "properties.user_id" ? IngestUser::property
                                            : IngestUser::anonymous_id;
    }
  }
  return IngestUser::unknown;
}

// True for a call that says what somebody did, false for the others that clients make, nullopt for
// what is none.
std::optional<bool> is_track(const json::Value& item, std::string_view fallback) {
  const auto own = item.find("type");
  std::string_view type = own ? own->string().value_or("") : fallback;
  if (type.empty() && item.find("event")) {
    type = "track";
  }
  if (type == "track" || type == "capture") {
    return true;
  }
  constexpr std::array<std::string_view, 5> kOthers{"identify", "page", "screen", "group", "alias"};
  return std::find(kOthers.begin(), kOthers.end(), type) != kOthers.end()
             ? std::optional<bool>(false)
             : std::nullopt;
}

template <typename Counts, typename Choice>
void count(Counts& counts, Choice choice) {
  ++counts.at(static_cast<std::size_t>(choice));
}

}  // namespace

void IngestReader::parse(std::string_view body) {
  root_.reset();
  root_ = parser_.parse(body);
  const auto batch = root_->find("batch");
  batch_ = batch && batch->kind() == json::Value::Kind::array;
}

std::string_view IngestReader::key() const {
  const json::Value* from = &*root_;
  std::optional<json::Value> item;
  if (root_->kind() == json::Value::Kind::array) {
    root_->each_item([&](const json::Value& each) {
      if (!item) {
        item = each;
      }
    });
    from = item ? &*item : from;
  }
  const auto key = first(*from, {"writeKey", "api_key", "token", "properties.token"});
  return key ? key->string().value_or("") : "";
}

IngestItems IngestReader::items(const EventFilter& kept, std::string_view type, Instant received,
                                std::size_t max_event_bytes) {
  received_ = received;
  kept_bytes_ = 0;
  IngestItems items;
  const auto add_item = [&](const json::Value& item) {
    add(item, kept, batch_ ? "" : type, max_event_bytes, items);
  };
  if (batch_) {
    root_->find("batch")->each_item(add_item);
  } else if (root_->kind() == json::Value::Kind::array) {
    root_->each_item(add_item);
  } else {
    add_item(*root_);
  }
  return items;
}

IngestTime IngestReader::time_of(const json::Value& item, Instant& time) const {
  const auto told = instant_at(item, {"originalTimestamp", "timestamp"});
  auto sent = instant_at(item, {"sentAt", "sent_at"});
  if (!sent && batch_) {
    sent = instant_at(*root_, {"sentAt", "sent_at"});
  }
  time = told && sent ? received_ - (*sent - *told) : told.value_or(received_);
  if (time > received_ + kMaxFuture) {
    time = received_;
    return IngestTime::future;
  }
  return !told ? IngestTime::absent : sent ? IngestTime::corrected : IngestTime::sent;
}

void IngestReader::add(const json::Value& item, const EventFilter& kept, std::string_view type,
                       std::size_t max_event_bytes, IngestItems& items) {
  if (!item.is_object()) {
    return count(items.refused, IngestRefusal::no_object);
  }
  const auto tracked = is_track(item, type);
  if (!tracked) {
    return count(items.refused, IngestRefusal::unknown_type);
  }
  const auto name = *tracked ? text_at(item, {"event"}) : std::nullopt;
  if (*tracked && !name) {
    return count(items.refused, IngestRefusal::no_name);
  }
  const auto found = *tracked ? kept.find(*name) : kept.end();
  if (found == kept.end()) {
    ++items.other;
    return;
  }
  JournalEvent event;
  event.event = *name;
  event.message = text_at(item, {"messageId", "uuid", "properties.$insert_id"});
  const IngestUser user = user_of(item, event.user);
  const IngestTime time = time_of(item, event.time);
  write_fields(
      found->second,
      [&](const std::string& path) {
        const auto field = item.at(path);
        // A batch may have a context for all of its items.
        return !field && batch_ && path.starts_with("context.") ? root_->at(path) : field;
      },
      event.fields);
  const auto size = [](const std::optional<std::string>& text) { return text ? text->size() : 0; };
  const std::size_t bytes =
      event.event.size() + size(event.user) + size(event.message) + event.fields.size();
  if (bytes > max_event_bytes || kept_bytes_ + bytes > max_bytes_) {
    return count(items.refused, IngestRefusal::too_long);
  }
  kept_bytes_ += bytes;
  items.events.push_back(std::move(event));
  count(items.users, user);
  count(items.times, time);
}

}  // namespace usage
