#include "exporter/cli/verbs/web_flags.h"

#include <string>
#include <vector>

#include "exporter/base/format.h"

namespace usage {

namespace {

// What is wrong with a path for the metrics; empty: nothing.
std::string check_telemetry_path(const std::string& path) {
  const bool good = path.starts_with('/') && path != "/" && !path.starts_with("/-/");
  return good ? ""
              : fmt::format(
                    "\"{}\" must begin with / and be neither / nor below /-/, which are the "
                    "exporter's own",
                    path);
}

void add_report_format_flag(CLI::App& app, ServeOptions& serve) {
  app.add_option_function<std::vector<std::string>>(
         "--report.format",
         [&serve](const std::vector<std::string>& names) {
           serve.report_forms.clear();
           for (const std::string& name : names) {
             const ReportForm* form = find_report_form(name);
             if (form == nullptr) {
               throw CLI::ValidationError("--report.format",
                                          fmt::format("\"{}\" is not html|md|json", name));
             }
             serve.report_forms.push_back(form);
           }
         },
         "The format of these reports; repeatable.")
      ->type_name("html|md|json")
      ->default_str("html");
}

}  // namespace

void add_web_flags(CLI::App& app, WebFlags& flags) {
  app.add_option("--web.listen-address", flags.serve.listen_addresses,
                 "Address to listen on; repeatable. :9108 is every address of the machine, IPv4 "
                 "and IPv6; port 0 takes a free one.")
      ->type_name("HOST:PORT")
      ->default_str(flags.serve.listen_addresses.front())
      ->take_all();
  app.add_option("--web.telemetry-path", flags.serve.telemetry_path, "Path of the metrics.")
      ->type_name("PATH")
      ->check(CLI::Validator(check_telemetry_path, ""))
      ->capture_default_str();
  app.add_flag("--web.enable-lifecycle", flags.serve.enable_lifecycle,
               "Allow reloading by POST /-/reload (SIGHUP always works).");
  app.add_option("--storage.path", flags.storage_path,
                 "Folder for state that outlives the process.")
      ->type_name("PATH");
  app.add_option("--report.folder", flags.serve.report_folder,
                 "Also write the report of every week that ends into this folder, once.")
      ->type_name("PATH");
  add_report_format_flag(app, flags.serve);
}

}  // namespace usage
