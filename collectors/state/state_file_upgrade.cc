#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "collectors/facts/codec.h"
#include "collectors/facts/day_cache.h"
#include "collectors/state/blob_store.h"
#include "collectors/state/state_file.h"
#include "collectors/state/state_file_texts.h"

namespace usage::state {

namespace {

sqlite::Statement select(sqlite::Database& database, std::string_view sql) {
  return *database.prepare(sql);
}

std::int64_t integer(const sqlite::Statement& row, int column) {
  const auto value = row.value(column, false);
  if (!value || !std::holds_alternative<std::int64_t>(*value)) {
    throw Damaged{"a number is none"};
  }
  return std::get<std::int64_t>(*value);
}

// NULL stands for a forgotten text.
void add_text(const sqlite::Statement& row, int column, IdMap& texts) {
  const auto value = row.value(column, false);
  if (value && std::holds_alternative<std::monostate>(*value)) {
    texts.add_forgotten();
  } else {
    texts.id_of(row.blob(column));
  }
}

}  // namespace

void upgrade_from_1(sqlite::Database& database, BlobStore& blobs) {
  for (auto row = select(database, "SELECT created_at FROM meta"); row.step();) {
    std::string body;
    codec::put_number(body, static_cast<std::uint64_t>(integer(row, 0)));
    blobs.put("created_at", "", 0, body);
  }
  IdMap users;
  for (auto row = select(database, "SELECT text FROM users ORDER BY id"); row.step();) {
    add_text(row, 0, users);
  }
  put_texts(blobs, "users", "", users, 0);

  for (auto row = select(database, "SELECT name, fingerprint, progress, feature FROM tables");
       row.step();) {
    const std::string name(row.blob(0));
    std::string body;
    codec::put_text(body, row.blob(1));
    codec::put_text(body, row.blob(2));
    blobs.put("table", name, 0, body);
    if (!row.blob(3).empty()) {
      blobs.put("feature", name, 0, row.blob(3));
    }
  }
  std::map<std::pair<std::string, std::string>, IdMap> names;
  for (auto row = select(database, "SELECT name, kind, text FROM names ORDER BY name, kind, id");
       row.step();) {
    add_text(row, 2, names[{std::string(row.blob(1)), std::string(row.blob(0))}]);
  }
  for (const auto& [key, texts] : names) {
    put_texts(blobs, key.first, key.second, texts, 0);
  }

  std::map<std::pair<std::string, Instant>, std::vector<StoredBucket>> days;
  for (auto row = select(database, "SELECT name, start, facts FROM buckets ORDER BY name, start");
       row.step();) {
    const Instant start{Duration(integer(row, 1))};
    const std::string name(row.blob(0));
    const std::string_view bytes = row.blob(2);
    std::string_view rest;
    if (name != StateFile::kActivity) {  // a bucket begins with who used the feature
      rest = bytes;
      PerUserCounts::parse(rest);
    }
    days[{name, day_of(start)}].push_back(
        {start, std::string(bytes.substr(0, bytes.size() - rest.size())), std::string(rest)});
  }
  for (const auto& [key, day] : days) {
    blobs.put("day", key.first, day_number(key.second), text_of(day));
  }
  database.run(
      "DROP TABLE meta; DROP TABLE users; DROP TABLE tables; DROP TABLE names; DROP TABLE buckets");
}

}  // namespace usage::state
