#include "exporter/ingest/ingest_servers.h"

#include <utility>

namespace usage {

namespace {

// Most events that may wait for a disk that does not keep up; about a kilobyte each.
constexpr std::size_t kMaxWaiting = 20'000;

}  // namespace

IngestServers::IngestServers(std::function<Journal&()> journal, const Clock& clock, Log& log)
    : journal_(std::move(journal)),
      clock_(clock),
      log_(log),
      metrics_(clock.now()),
      commit_(
          [this](std::span<JournalBatch> batches) {
            return journal_().append(batches, Journal::Durability::disk);
          },
          kMaxWaiting) {}

std::vector<HttpRoute> IngestServers::routes() {
  return ingest_routes([place = own_] { return place->load(); });
}

std::map<std::string, std::shared_ptr<Ingest>> IngestServers::ingests(
    const Config& config, const std::function<EventFilter(const SourceConfig&)>& kept) {
  std::map<std::string, std::vector<Ingest::Source>> by_address;
  for (const SourceConfig& source : config.sources) {
    if (const IngestConfig* const ingest = source.ingest()) {
      by_address[ingest->listen_address].push_back({source.name, *ingest, kept(source)});
    }
  }
  std::map<std::string, std::shared_ptr<Ingest>> made;
  for (auto& [address, sources] : by_address) {
    journal_();  // throws now if the folder is unusable, not at the first event
    made[address] = std::make_shared<Ingest>(std::move(sources),
                                             Ingest::Services{commit_, metrics_, clock_, log_});
  }
  return made;
}

void IngestServers::replace(const Config& config,
                            const std::function<EventFilter(const SourceConfig&)>& kept) {
  const std::map<std::string, std::shared_ptr<Ingest>> wanted = ingests(config, kept);
  std::map<std::string, Served> fresh;
  for (const auto& [address, ingest] : wanted) {
    if (address.empty() || served_.contains(address)) {
      continue;
    }
    auto place = std::make_shared<Place>();
    place->store(ingest);
    HttpOptions options;
    options.listen_addresses = {address};
    options.address_setting = "the source's listen_address";
    auto server =
        std::make_unique<HttpServer>(options, ingest_routes([place] { return place->load(); }));
    log_.info("listening for events", {{"address", server->addresses().front()}});
    fresh[address] = {std::move(place), std::move(server)};
  }
  // Nothing fails from here on.
  for (auto served = served_.begin(); served != served_.end();) {
    if (const auto found = wanted.find(served->first); found != wanted.end()) {
      served->second.place->store(found->second);
      ++served;
    } else {
      served = served_.erase(served);
    }
  }
  served_.merge(fresh);
  const auto own = wanted.find("");
  own_->store(own == wanted.end() ? nullptr : own->second);
}

}  // namespace usage
