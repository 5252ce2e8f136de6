#include "ollama_bench/cli/session_options.h"

#include <fmt/format.h>

#include <system_error>

#include "ollama_bench/cli/quiet_wait.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultConfig = "benchmark_config.yaml";
constexpr const char* kSweepGroup = "Sweep (beats the configuration file)";

void AddSweepFlags(CLI::App& app, ConfigOverrides& overrides) {
  for (const Parameter& parameter : AllParameters()) {
    app.add_option(std::string(parameter.flag), overrides.*parameter.override_value,
                   std::string(parameter.help))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->group(parameter.is_hidden ? "" : kSweepGroup);
  }
  app.add_flag("--row-first,!--no-row-first", overrides.row_first,
               "All num_ctx of one num_batch first")
      ->group(kSweepGroup);
}

}  // namespace

void AddSessionFlags(CLI::App& app, SessionOptions& options) {
  app.add_option("-c,--config", options.config,
                 fmt::format("YAML file of the sweep [{} where present]", kDefaultConfig))
      ->type_name("FILE");
  app.add_option("-r,--results", options.results, "Results, to resume or to begin")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--save-config", options.save_config,
                 "Write the sweep, a grid chosen for the model included, to a YAML file")
      ->type_name("FILE");
  app.add_flag("--force-mixed", options.force_mixed,
               "Resume although model, prompt or Ollama differ from the results");
  app.add_flag("-q,--quiet", options.quiet, "No progress, only warnings and the result");
  app.add_flag("--json", options.json, "Events and result on stdout, one JSON object a line");
  app.add_option(
         "--wait-quiet", options.wait_quiet,
         "Before the first cell, wait until other programs leave the CPUs alone; at most so "
         "long where a time is given, such as 10m")
      ->type_name("[DURATION]")
      ->expected(0, 1)
      ->check(CheckQuietLimit);
  app.add_flag("--ignore-disturbance", options.ignore_disturbance,
               "Count runs during which other programs used much CPU, for a machine that is never "
               "quiet");
  AddSweepFlags(app, options.overrides);
  AddDriverFlags(app, options.driver);
}

Expected<SweepConfig, std::vector<ConfigError>> LoadConfigOf(const SessionOptions& options) {
  std::error_code error;
  const bool take_default = !options.config && fs::is_regular_file(kDefaultConfig, error);
  return LoadSweepConfig(take_default ? std::optional<fs::path>(kDefaultConfig) : options.config,
                         options.overrides);
}

}  // namespace ollama_bench
