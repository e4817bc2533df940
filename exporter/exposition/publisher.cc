#include "exporter/exposition/publisher.h"

namespace usage {

namespace {

// Below this, copying a block into the page is cheaper than one more piece to send.
constexpr std::size_t kShared = 64 * 1024;
// Joined pieces end here, so that a page of many small blocks never doubles while it grows.
constexpr std::size_t kJoined = 256 * 1024;

std::shared_ptr<const Snapshot::Block> render_block(const MetricFamily& family) {
  auto block = std::make_shared<Snapshot::Block>();
  render_header(family, Format::text, block->text_header);
  render_header(family, Format::openmetrics, block->openmetrics_header);
  render_samples(family, Format::text, block->samples);
  if (family.created) {
    render_samples(family, Format::openmetrics, block->openmetrics_samples.emplace());
  }
  return block;
}

// Joins small texts and shares large ones.
class Assembly {
 public:
  void add(const std::shared_ptr<const Snapshot::Block>& owner, const std::string& text) {
    if (text.size() >= kShared) {
      flush();
      pieces_.emplace_back(owner, &text);
      return;
    }
    joined_ += text;
    if (joined_.size() >= kJoined) {
      flush();
    }
  }

  SharedBuffers finish() {
    flush();
    return std::move(pieces_);
  }

 private:
  void flush() {
    if (!joined_.empty()) {
      joined_.shrink_to_fit();
      pieces_.push_back(std::make_shared<const std::string>(std::move(joined_)));
      joined_.clear();
    }
  }

  SharedBuffers pieces_;
  std::string joined_;
};

}  // namespace

const SharedBuffers& Snapshot::text(Format format) const {
  const bool openmetrics = format == Format::openmetrics;
  Rendering& rendering = renderings_.at(openmetrics ? 1 : 0);
  std::call_once(rendering.assembled, [&] {
    Assembly page;
    for (const auto& [name, blocks] : families_) {
      page.add(blocks.front(),
               openmetrics ? blocks.front()->openmetrics_header : blocks.front()->text_header);
      for (const auto& block : blocks) {
        page.add(block, openmetrics && block->openmetrics_samples ? *block->openmetrics_samples
                                                                  : block->samples);
      }
    }
    rendering.text = page.finish();
  });
  return rendering.text;
}

const GzipStart& Snapshot::compressed(Format format) const {
  Rendering& rendering = renderings_.at(format == Format::openmetrics ? 1 : 0);
  std::call_once(rendering.compressed, [&] { rendering.gzip = gzip_start(text(format)); });
  return rendering.gzip;
}

Publisher::Publisher() : snapshot_(std::make_shared<Snapshot>(Snapshot::Families{})) {}

void Publisher::replace(const Key& key, const Metrics& metrics) {
  Snapshot::Families families;
  for (const MetricFamily& family : metrics) {
    if (family.series_count() == 0) {
      continue;  // absent is absent: no HELP or TYPE of nothing
    }
    families[family.name].push_back(render_block(family));
  }
  const std::scoped_lock lock(mutex_);
  jobs_[key] = std::move(families);
  publish();
}

void Publisher::drop(const Key& key) {
  const std::scoped_lock lock(mutex_);
  if (jobs_.erase(key) > 0) {
    publish();
  }
}

void Publisher::publish() {
  Snapshot::Families page;
  for (const auto& [key, families] : jobs_) {
    for (const auto& [name, blocks] : families) {
      page[name].insert(page[name].end(), blocks.begin(), blocks.end());
    }
  }
  snapshot_ = std::make_shared<Snapshot>(std::move(page));
}

std::shared_ptr<const Snapshot> Publisher::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

}  // namespace usage
