#include "session_flags.h"

#include <fmt/format.h>

#include <system_error>

#include "ollama_bench/core/text.h"
#include "ollama_bench/session/machine_watch.h"
#include "option_values.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultConfig = "benchmark_config.yaml";
constexpr const char* kModelArgument = "MODEL";
constexpr const char* kSweepGroup = "Sweep (beats the configuration file)";

// Several of one flag are one list; a single value is given once.
void Take(ConfigOverrides& overrides, const ConfigKey& key, const std::string& name,
          const std::vector<std::string>& texts) {
  std::string& text = overrides.values[key.key];
  for (const std::string& more : texts) {
    const bool is_first = text.empty() && &more == &texts.front();
    const bool is_number =
        name == kModelArgument && more.find_first_not_of("0123456789,-:") == std::string::npos;
    if (!is_first && (!key.parameter || is_number)) {
      throw CLI::ValidationError(
          name, fmt::format("is given twice, {} and {}; give it once{}", Printable(text, false),
                            Printable(more, false),
                            is_number ? ", and separate the values of a list by commas" : ""));
    }
    text += (is_first ? "" : ",") + more;
  }
}

void AddRowOrderFlags(CLI::App& app, ConfigOverrides& overrides) {
  CLI::Option* on = app.add_flag_callback(
      "--row-first", [&overrides] { overrides.row_first = true; },
      fmt::format("All {} of one {} first", KeyOf(Parameter::kNumCtx),
                  KeyOf(Parameter::kNumBatch)));
  CLI::Option* off = app.add_flag_callback(
      "--no-row-first", [&overrides] { overrides.row_first = false; },
      "The other way round, whatever the file says");
  on->group(kSweepGroup);
  off->group(kSweepGroup)->excludes(on);
}

bool IsOfPurpose(const ConfigKey& key, Purpose purpose) {
  switch (purpose) {
    case Purpose::kPass:
      return true;
    case Purpose::kSearch:
      return !key.is_of_run_alone && !key.is_of_load_alone;
    case Purpose::kLoad:
    case Purpose::kScale:
      return key.key != "workload" && (!key.is_of_run_alone || key.key == "repetitions");
  }
  return true;
}

void AddSweepFlags(CLI::App& app, ConfigOverrides& overrides, Purpose purpose) {
  for (const ConfigKey& key : AllConfigKeys()) {
    if (key.flag.empty() || !IsOfPurpose(key, purpose)) continue;
    app.add_option_function<std::vector<std::string>>(
           key.flag,
           [&overrides, &key](const std::vector<std::string>& texts) {
             Take(overrides, key, key.flag, texts);
           },
           key.help)
        ->allow_extra_args(false)
        ->group(key.is_hidden ? "" : kSweepGroup);
  }
  if (purpose == Purpose::kPass) AddRowOrderFlags(app, overrides);
  app.add_option_function<std::vector<std::string>>(
         kModelArgument,
         [&overrides](const std::vector<std::string>& texts) {
           Take(overrides, ConfigKeyOf("model"), kModelArgument, texts);
         },
         "Base model, as --model")
      ->expected(0, -1);
}

void AddDriverFlags(CLI::App& app, DriverOptions& options) {
  constexpr const char* kGroup = "How it is measured";
  app.add_option(
         "--driver", options.driver,
         "cli: ollama create and run; api: HTTP alone, for containers and other machines; "
         "private: a server of its own, on this machine; replay: a recording [private where "
         "settings of the server vary, else cli where there is an ollama program, else api]")
      ->check(CLI::IsMember({"cli", "api", "private", "replay"}))
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option("--host", options.host, "Server [OLLAMA_HOST, else 127.0.0.1:11434]")
      ->type_name("HOST:PORT")
      ->group(kGroup);
  app.add_option("--models", options.models,
                 "Folder of models that a private server reads [as `ollama serve` finds it]")
      ->type_name("DIR")
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
      ->check(CheckNumber(0, 1))
      ->type_name("SIGMA")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--seed", options.seed,
                 "Of what is drawn at random: order of extra loads, noise of a replay")
      ->type_name("N")
      ->check(CheckCount(0))
      ->capture_default_str()
      ->group(kGroup);
}

// A recording is asked neither for a server nor for a machine.
void RefuseWhatReplayLacks(CLI::App& app) {
  CLI::Option* replay = app.get_option("--replay");
  for (const char* name : {"--host", "--ollama", "--models", "--model-name", "--timeout",
                           "--wait-quiet", "--ignore-disturbance"}) {
    app.get_option(name)->excludes(replay);
  }
  app.get_option("--replay-noise")->needs(replay);
}

}  // namespace

void AddCommonFlags(CLI::App& app, Labels& labels, DebugLog& log, bool& redraws,
                    std::string& on_done) {
  app.add_option_function<std::vector<std::string>>(
         "--label",
         [&labels](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             if (const auto added = AddLabels(text, labels); !added) {
               throw CLI::ValidationError("--label", added.error());
             }
           }
         },
         "Kept with what is measured, such as commit=1f0c2ab,branch=main; `compare --by commit`")
      ->type_name("NAME=VALUE[,...]")
      ->allow_extra_args(false);
  app.add_option("--on-done", on_done,
                 "Command for `sh -c` at the end, unless it was stopped, for ten minutes at most; "
                 "it gets the answer's JSON on its standard input and OLLAMA_BENCH_EXIT_CODE")
      ->type_name("COMMAND");
  app.add_option_function<std::string>(
         "--log-level",
         [&log, &redraws](const std::string& level) {
           if (level != "debug") return;
           redraws = false;
           log = [](const std::string& line) { Print(stderr, "debug: {}\n", line); };
         },
         "debug: show each request and each program that is run [info]")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"info", "debug"}));
}

void AddSessionFlags(CLI::App& app, SessionOptions& options, CommandFlags& flags, Purpose purpose) {
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
               "Count runs during which other programs used much CPU, and windows whose requests "
               "left late, for a machine that is never quiet");
  AddCommonFlags(app, options.labels, options.driver.log, flags.redraws, flags.on_done);
  AddSweepFlags(app, flags.overrides, purpose);
  AddDriverFlags(app, options.driver);
  RefuseWhatReplayLacks(app);
}

Expected<SweepConfig, std::vector<ConfigError>> LoadConfigOf(const CommandFlags& flags) {
  std::error_code error;
  const bool take_default = !flags.config && fs::is_regular_file(kDefaultConfig, error);
  return LoadSweepConfig(take_default ? std::optional<fs::path>(kDefaultConfig) : flags.config,
                         flags.overrides);
}

void AddRunFlags(CLI::App& app, RunOptions& options, CommandFlags& flags, Purpose purpose) {
  AddSessionFlags(app, options.session, flags, purpose);
  const bool is_load = purpose == Purpose::kLoad || purpose == Purpose::kScale;
  app.add_option("--limit", options.limit,
                 purpose == Purpose::kScale ? "Measure at most so many runs, then stop"
                 : is_load                  ? "Measure at most so many windows, then stop"
                                            : "Measure at most so many cells, then stop")
      ->type_name("N")
      ->check(CheckCount(1));
  app.add_flag(
      "--retry-failed", options.retry_failed,
      purpose == Purpose::kLoad ? "Measure failed levels again" : "Measure failed cells again");
  if (is_load) return;
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
    PrintError(FormatConfigError(error));
  }
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace ollama_bench
