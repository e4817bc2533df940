// prometheus-cpp's own way to serve: a registry of gauges behind its Exposer. Arguments: port,
// number of series.
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: bench_exposer PORT SERIES\n", stderr);
    return 2;
  }
  const auto registry = std::make_shared<prometheus::Registry>();
  auto& family = prometheus::BuildGauge()
                     .Name("bench_value")
                     .Help("Rows of the benchmark's table.")
                     .Register(*registry);
  const int series = std::stoi(argv[2]);
  for (int i = 0; i < series; ++i) {
    family
        .Add({{"feature", "feature_" + std::to_string(i % 17)},
              {"format", i % 2 == 0 ? "csv" : "xlsx"},
              {"id", "row-" + std::to_string(i)}})
        .Set(i * 1.5);
  }
  prometheus::Exposer exposer({"listening_ports", std::string("127.0.0.1:") + argv[1],
                               "enable_keep_alive", "yes", "tcp_nodelay", "1", "num_threads", "2"});
  exposer.RegisterCollectable(registry);
  pause();
}
