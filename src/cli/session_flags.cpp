#include "session_flags.h"

#include <fmt/format.h>

#include <system_error>

#include "ollama_bench/session/machine_watch.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultConfig = "benchmark_config.yaml";
constexpr const char* kSweepGroup = "Sweep (beats the configuration file)";

void AddSweepFlags(CLI::App& app, ConfigOverrides& overrides) {
  for (const ConfigKey& key : AllConfigKeys()) {
    if (key.flag.empty()) continue;
    app.add_option_function<std::string>(
           key.flag,
           [&overrides, &key](const std::string& text) { overrides.values[key.key] = text; },
           key.help)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->group(key.is_hidden ? "" : kSweepGroup);
  }
  app.add_flag("--row-first,!--no-row-first", overrides.row_first,
               "All num_ctx of one num_batch first")
      ->group(kSweepGroup);
}

void AddDriverFlags(CLI::App& app, DriverOptions& options) {
  constexpr const char* kGroup = "How it is measured";
  app.add_option("--driver", options.driver,
                 "cli: ollama create and run; api: HTTP alone, for containers and other machines; "
                 "replay: a recording [cli where there is an ollama program, else api]")
      ->check(CLI::IsMember({"cli", "api", "replay"}))
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option("--host", options.host, "Server [OLLAMA_HOST, else 127.0.0.1:11434]")
      ->type_name("HOST:PORT")
      ->group(kGroup);
  app.add_option("--ollama", options.ollama, "Ollama's program")
      ->type_name("PATH")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--model-name", options.temporary_model,
                 "Name of the temporary model [ollama-bench-ID]")
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option("--replay", options.replay,
                 "Results file to answer from, of this program or of the old script")
      ->type_name("FILE")
      ->group(kGroup);
  app.add_option("--replay-noise", options.replay_noise,
                 "Multiply replayed rates by log-normal noise of this size, such as 0.02")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("SIGMA")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--seed", options.seed, "Of everything drawn at random")
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
}

}  // namespace

void AddSessionFlags(CLI::App& app, SessionOptions& options, CommandFlags& flags) {
  app.add_option("-c,--config", flags.config,
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
  app.add_flag("-q,--quiet", flags.quiet, "No progress, only warnings and the result");
  app.add_flag("--json", flags.json, "Events and result on stdout, one JSON object a line");
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
  AddSweepFlags(app, flags.overrides);
  AddDriverFlags(app, options.driver);
}

Expected<SweepConfig, std::vector<ConfigError>> LoadConfigOf(const CommandFlags& flags) {
  std::error_code error;
  const bool take_default = !flags.config && fs::is_regular_file(kDefaultConfig, error);
  return LoadSweepConfig(take_default ? std::optional<fs::path>(kDefaultConfig) : flags.config,
                         flags.overrides);
}

void AddRunFlags(CLI::App& app, RunOptions& options, CommandFlags& flags) {
  AddSessionFlags(app, options.session, flags);
  app.add_option("--limit", options.limit, "Measure at most so many cells, then stop")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_flag("--retry-failed", options.retry_failed, "Measure failed cells again");
  app.add_flag("--remeasure-unverified", options.remeasure_unverified,
               "Measure cells again whose samples do not say with what they were made");
  app.add_flag("!--no-baseline", options.baseline, "Do not measure the current setting");
  app.add_flag("--measure-aliases", options.measure_aliases,
               "Also measure cells that are known to be the same as another");
}

int WithConfig(const CommandFlags& flags, const std::function<ExitCode(const SweepConfig&)>& act) {
  const auto config = LoadConfigOf(flags);
  if (config) return static_cast<int>(act(*config));
  for (const ConfigError& error : config.error()) {
    Print(stderr, "ollama-bench: {}\n", FormatConfigError(error));
  }
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace ollama_bench
