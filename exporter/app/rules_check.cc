#include "exporter/app/rules_check.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>

#include "exporter/app/promql.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/config/yaml.h"
#include "exporter/exposition/reserved_names.h"

namespace usage {

namespace {

std::vector<std::string> files_of(const std::string& pattern) {
  std::vector<std::string> files = glob_paths(pattern);
  if (files.empty()) {
    throw Error(Reason::io, fmt::format("no rules or dashboards match \"{}\"", pattern));
  }
  return files;
}

// JSON is YAML. Dashboards write ${…} for their own variables, not for the environment.
yaml::Node parse(const std::string& path, Problems& problems) {
  const auto file = yaml::read_file(path);
  std::string text;
  for (std::size_t i = 0; i < file->text.size(); ++i) {
    text += file->text.compare(i, 2, "${") == 0 ? "$$" : file->text.substr(i, 1);
  }
  return yaml::parse(std::make_shared<const SourceText>(SourceText{path, std::move(text)}),
                     problems);
}

void find(const yaml::Node& node, std::string_view key, std::vector<const yaml::Node*>& all) {
  for (const yaml::Entry& entry : node.entries) {
    if (entry.key.text == key && entry.value.kind == yaml::Node::Kind::scalar) {
      all.push_back(&entry.value);
    }
    find(entry.value, key, all);
  }
  for (const yaml::Node& item : node.items) {
    find(item, key, all);
  }
}

}  // namespace

std::size_t check_rules(const std::vector<std::string>& patterns, const Metrics& metrics,
                        Problems& problems) {
  std::vector<yaml::Node> files;
  for (const std::string& pattern : patterns) {
    for (const std::string& path : files_of(pattern)) {
      files.push_back(parse(path, problems));
    }
  }
  std::set<std::string> names(prometheus_series().begin(), prometheus_series().end());
  for (const MetricFamily& family : metrics) {
    names.insert(family.name);
    std::ranges::move(series_names(family), std::inserter(names, names.end()));
  }
  std::vector<const yaml::Node*> expressions, recorded;
  for (const yaml::Node& file : files) {
    find(file, "expr", expressions);
    find(file, "record", recorded);
  }
  for (const yaml::Node* rule : recorded) {
    names.insert(rule->text);
  }
  const std::vector<std::string> known(names.begin(), names.end());
  for (const yaml::Node* expression : expressions) {
    for (const std::string& name : metrics_of(expression->text)) {
      if (!names.contains(name)) {
        const std::string near = closest(name, known);
        problems.add(expression->position,
                     fmt::format("the metric \"{}\" is published by nothing{}", name,
                                 near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
      }
    }
  }
  return expressions.size();
}

}  // namespace usage
