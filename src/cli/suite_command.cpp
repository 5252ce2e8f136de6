#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "closing.h"
#include "command_docs.h"
#include "command_line.h"
#include "ollama_bench/config/suite_config.h"
#include "ollama_bench/core/labels.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/machine/machine.h"
#include "ollama_bench/process/posix_process_runner.h"
#include "ollama_bench/session/session_driver.h"
#include "ollama_bench/session/suite_session.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct SuiteFlags {
  SuiteOptions options;
  std::string model;  ///< empty: as the file says
  std::string host;   ///< the same
  ClosingFlags closing;
};

std::string Count(std::size_t place, std::size_t all) {
  return fmt::format("[{}/{}]", place, all);
}

// Empty where there is no such text.
std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Shows a suite on stderr: a line for each experiment, and on a terminal one that is redrawn with
/// how far the one under way is; with --json as events on stdout.
class SuiteDisplay : public SuiteObserver {
 public:
  explicit SuiteDisplay(const SuiteFlags& flags)
      : closing_(flags.closing), redraws_(CanRedraw(STDERR_FILENO)) {}

  void OnBegin(const fs::path& folder, std::size_t experiments, std::size_t finished) override {
    all_ = experiments;
    done_ = finished;
    if (!ShowsLines()) return;
    Print(stderr, "ollama-bench suite: {} experiments into {}{}\n", all_, folder.string(),
          done_ > 0 ? fmt::format("; {} of them are done", done_) : "");
  }
  void OnStart(std::size_t place, const SuiteExperiment& experiment) override {
    name_ = fmt::format("{} {}", Count(place + 1, all_), experiment.name);
    progress_.clear();
    printed_ = Now();
    if (closing_.json) {
      PrintEvent({{"event", "experiment"}, {"name", experiment.name}, {"place", place + 1}});
    } else if (ShowsLines() && !redraws_) {
      Print(stderr, "{}: {}\n", name_, experiment.command);
    }
    Redraw();
  }
  void OnLine(std::string_view line) override {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return;
    if (TextOf(json, "event") == "notice") {
      if (TextOf(json, "level") == "warning") OnWarning(TextOf(json, "text"));
      return;
    }
    const auto done = json.find("done");
    const auto total = json.find("total");
    if (done != json.end() && total != json.end() && done->is_number() && total->is_number()) {
      progress_ = fmt::format("{} of {}", done->get<std::int64_t>(), total->get<std::int64_t>());
      const auto left = json.find("seconds_left");
      if (left != json.end() && left->is_number()) {
        progress_ += ", about " +
                     FormatDuration(std::chrono::duration<double>(left->get<double>())) + " left";
      }
    }
    ShowProgress();
  }
  void OnEnd(std::size_t place, const SuiteEntry& entry) override {
    ++done_;
    name_.clear();
    Erase();
    if (closing_.json) {
      PrintEvent({{"event", "experiment_end"},
                  {"name", entry.name},
                  {"status", KeyOf(entry.status)},
                  {"reason", entry.reason},
                  {"seconds", entry.seconds},
                  {"results", entry.results.string()}});
    } else if (ShowsLines()) {
      Print(stderr, "{} {}: {}\n", Count(place + 1, all_), entry.name, DescribeEnd(entry));
    }
  }
  void OnWarning(const std::string& text) override {
    Erase();
    if (closing_.json) {
      PrintEvent({{"event", "notice"}, {"level", "warning"}, {"text", text}});
    } else {
      PrintWarning(name_.empty() ? text : fmt::format("{}: {}", name_, text));
    }
  }
  void Erase() {
    if (std::exchange(is_drawn_, false)) Print(stderr, "\r\x1b[K");
  }

  static std::string DescribeEnd(const SuiteEntry& entry) {
    const std::string time = FormatDuration(std::chrono::duration<double>(entry.seconds));
    switch (entry.status) {
      case SuiteStatus::kDone:
        return "done in " + time;
      case SuiteStatus::kPending:
        return entry.seconds > 0 ? "stopped after " + time : "not begun";
      case SuiteStatus::kSkipped:
        return "skipped: " + entry.reason;
      case SuiteStatus::kNoResult:
      case SuiteStatus::kTimedOut:
      case SuiteStatus::kFailed:
        break;
    }
    return fmt::format("{}: {}", entry.status == SuiteStatus::kFailed ? "FAILED" : "ended",
                       entry.reason);
  }

 private:
  using Time = std::chrono::steady_clock::time_point;

  static Time Now() { return std::chrono::steady_clock::now(); }
  static void PrintEvent(const Json& event) {
    Print(stdout, "{}\n", event.dump(-1, ' ', false, Json::error_handler_t::replace));
    std::fflush(stdout);
  }
  [[nodiscard]] bool ShowsLines() const { return !closing_.quiet && !closing_.json; }

  void ShowProgress() {
    constexpr std::chrono::minutes kPause{1};
    if (redraws_) return Redraw();
    if (!ShowsLines() || progress_.empty() || Now() - printed_ < kPause) return;
    printed_ = Now();
    Print(stderr, "{}: {}\n", name_, progress_);
  }
  void Redraw() {
    if (!ShowsLines() || !redraws_ || !OwnsTerminal(STDERR_FILENO)) return;
    constexpr std::size_t kBar = 20;
    const std::size_t filled = all_ == 0 ? 0 : kBar * done_ / all_;
    const std::string line = fmt::format("{:#<{}}{:.<{}} {}{}{}", "", filled, "", kBar - filled,
                                         name_, progress_.empty() ? "" : ": ", progress_);
    const auto width = static_cast<std::size_t>(std::max(TerminalWidth(STDERR_FILENO), 2) - 1);
    Print(stderr, "\r\x1b[K{}", StartOf(line, width));
    std::fflush(stderr);
    is_drawn_ = true;
  }

  const ClosingFlags& closing_;
  bool redraws_;
  std::size_t all_ = 0;
  std::size_t done_ = 0;  ///< experiments
  std::string name_;      ///< of the one under way, with its place
  std::string progress_;  ///< of the same
  Time printed_;
  bool is_drawn_ = false;
};

Json AnswerOf(const SuiteEntry& entry) {
  return entry.answer.empty() ? Json() : Json::parse(entry.answer, nullptr, false);
}

std::string JsonOf(const SuiteOutcome& outcome) {
  Json json{{"event", "end"}, {"folder", outcome.folder.string()}, {"experiments", Json::array()}};
  for (const SuiteEntry& entry : outcome.entries) {
    json["experiments"].push_back({{"name", entry.name},
                                   {"command", entry.command},
                                   {"status", KeyOf(entry.status)},
                                   {"reason", entry.reason},
                                   {"seconds", entry.seconds},
                                   {"answer", AnswerOf(entry)}});
  }
  json["written"] = Json::array();
  for (const fs::path& path : outcome.written) json["written"].push_back(path.string());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string TextOf(const SuiteOutcome& outcome) {
  std::size_t width = 0;
  for (const SuiteEntry& entry : outcome.entries) width = std::max(width, entry.name.size());
  std::string text;
  for (const SuiteEntry& entry : outcome.entries) {
    text += fmt::format("{:<{}}  {}\n", entry.name, width, SuiteDisplay::DescribeEnd(entry));
  }
  for (const fs::path& path : outcome.written) text += fmt::format("wrote {}\n", path.string());
  return text;
}

bool HasFlag(const CommandDoc& command, const std::string& flag) {
  const std::vector<std::string> names = NamesOfOptions(command);
  return std::find(names.begin(), names.end(), flag) != names.end();
}

const CommandDoc* FindCommand(const CommandDoc& program, const std::string& name) {
  const auto found =
      std::find_if(program.commands.begin(), program.commands.end(),
                   [&name](const CommandDoc& command) { return command.name == name; });
  return found == program.commands.end() ? nullptr : &*found;
}

/// The experiments with what is common to them, once every option is known to be one of its
/// command.
Expected<std::vector<SuiteExperiment>, std::vector<ConfigError>> Resolve(SuiteConfig suite,
                                                                         const CommandDoc& program,
                                                                         const fs::path& file) {
  std::vector<ConfigError> errors;
  const auto complain = [&](const SuiteOption& option, std::string message, std::string remedy) {
    errors.push_back({file, option.line, 0, option.flag, option.value.value_or(""),
                      std::move(message), std::move(remedy)});
  };
  std::vector<bool> is_used(suite.common.size(), false);
  for (SuiteExperiment& experiment : suite.experiments) {
    const CommandDoc* command = FindCommand(program, experiment.command);
    if (command == nullptr) continue;
    for (const SuiteOption& option : experiment.options) {
      if (HasFlag(*command, option.flag)) continue;
      const std::string nearest = NearestSpelling(option.flag, NamesOfOptions(*command));
      complain(option, fmt::format("`{}` has no such option", command->name),
               nearest.empty() ? fmt::format("`ollama-bench {} --help` lists them", command->name)
                               : fmt::format("did you mean {}?", nearest));
    }
    for (std::size_t i = 0; i < suite.common.size(); ++i) {
      const SuiteOption& option = suite.common[i];
      if (!HasFlag(*command, option.flag)) continue;
      is_used[i] = true;
      const bool is_given =
          std::any_of(experiment.options.begin(), experiment.options.end(),
                      [&option](const SuiteOption& own) { return own.flag == option.flag; });
      if (!is_given) experiment.options.push_back(option);
    }
  }
  for (std::size_t i = 0; i < suite.common.size(); ++i) {
    if (!is_used[i]) complain(suite.common[i], "no experiment has such an option", "leave it out");
  }
  if (!errors.empty()) return Unexpected<std::vector<ConfigError>>(std::move(errors));
  return std::move(suite.experiments);
}

void SetCommon(SuiteConfig& suite, const std::string& flag, const std::string& value) {
  if (value.empty()) return;
  std::erase_if(suite.common, [&flag](const SuiteOption& other) { return other.flag == flag; });
  suite.common.push_back({flag, value, 0});
}

Expected<std::vector<SuiteExperiment>, std::vector<ConfigError>> LoadSuite(
    const SuiteFlags& flags, const CommandDoc& program) {
  auto suite = LoadSuiteConfig(flags.options.config, flags.options.quick);
  if (!suite) return Unexpected<std::vector<ConfigError>>(suite.error());
  SetCommon(*suite, "--model", flags.model);
  SetCommon(*suite, "--host", flags.host);
  return Resolve(std::move(*suite), program, flags.options.config);
}

// By its path where that is still this program's.
std::string ThisProgram() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return !error && fs::exists(path, error) ? path.string() : "/proc/self/exe";
}

ExitCode CodeOf(const SuiteOutcome& outcome) {
  const auto has = [&outcome](SuiteStatus status) {
    return std::any_of(outcome.entries.begin(), outcome.entries.end(),
                       [status](const SuiteEntry& entry) { return entry.status == status; });
  };
  if (has(SuiteStatus::kFailed)) return ExitCode::kEnvironment;
  const bool has_part = std::any_of(
      outcome.entries.begin(), outcome.entries.end(), [&outcome](const SuiteEntry& entry) {
        return entry.status == SuiteStatus::kTimedOut && fs::exists(outcome.folder / entry.results);
      });
  return has(SuiteStatus::kDone) || has_part ? ExitCode::kDone : ExitCode::kNoCell;
}

int RunSuiteCommand(SuiteFlags& flags, const CommandDoc& program, const StopRequest& stop) {
  const auto experiments = LoadSuite(flags, program);
  if (!experiments) {
    for (const ConfigError& error : experiments.error()) PrintError(FormatConfigError(error));
    return static_cast<int>(ExitCode::kUsage);
  }
  flags.options.program = ThisProgram();
  if (const auto server = FindServer(flags.host); !server || server->IsLoopback()) {
    flags.options.gpus = static_cast<int>(DescribeMachine().gpus.size());
  }
  SuiteDisplay display(flags);
  Closing closing(flags.closing);
  PosixProcessRunner runner;
  SystemClock clock;
  const auto outcome = RunSuite(*experiments, flags.options, runner, clock, stop, display);
  display.Erase();
  if (!outcome) {
    return static_cast<int>(closing.End(Unexpected<SessionError>(outcome.error()), stop));
  }
  closing.Show([&] { return TextOf(*outcome); }, [&] { return JsonOf(*outcome); });
  if (stop.Requested()) {
    Print(stderr, "stopped; the same command resumes in {}\n", outcome->folder.string());
  }
  return static_cast<int>(closing.End(CodeOf(*outcome), stop));
}

}  // namespace

void AddSuiteCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto flags = std::make_shared<SuiteFlags>();
  CLI::App* suite =
      app.add_subcommand("suite", "Run several experiments one after the other, and report them");
  suite->footer(
      "The file is a YAML map: `experiments:` is a list, each with `command: run`, tune, load,\n"
      "scale or prompts, and the options of that command; what is beside the list is common to\n"
      "all. `name`, `timeout_s`, `needs_gpus` and `quick` are the suite's own keys. Interrupt it\n"
      "as you like: the same command resumes where it stopped.\n"
      "Example: ollama-bench suite --config configs/comprehensive.yaml --quick");
  suite->add_option("-c,--config", flags->options.config, "YAML file of the suite")
      ->type_name("FILE")
      ->required();
  suite->add_option("--model", flags->model, "Model, in place of the file's common one")
      ->type_name("NAME");
  suite->add_option("--host", flags->host, "Server, in place of the file's common one")
      ->type_name("HOST:PORT");
  suite
      ->add_option("-o,--output", flags->options.folder,
                   "Folder of the results [results/YYYYMMDD_HHMMSS, the newest unfinished one of "
                   "this suite, or a new one]")
      ->type_name("DIR");
  suite->add_flag("--quick", flags->options.quick, "As the keys under `quick` say: a short look");
  suite->add_flag("--new", flags->options.starts_anew,
                  "A new folder, even where one is unfinished");
  suite
      ->add_option_function<std::vector<std::string>>(
          "--label",
          [flags](const std::vector<std::string>& texts) {
            Labels labels;
            for (const std::string& text : texts) {
              const auto added = AddLabels(text, labels);
              if (!added) throw CLI::ValidationError("--label", added.error());
            }
            flags->options.labels = texts;
          },
          "As of `run`, for every experiment")
      ->type_name("NAME=VALUE[,...]")
      ->allow_extra_args(false);
  suite->add_option("--on-done", flags->closing.on_done, "As of `run`, at the end of the suite")
      ->type_name("COMMAND");
  suite->add_flag("-q,--quiet", flags->closing.quiet, "No progress, only warnings and the result");
  suite->add_flag("--json", flags->closing.json,
                  "Events and result on stdout, one JSON object a line");
  suite->callback([flags, &app, &action, &stop] {
    action = [flags, &app, &stop] { return RunSuiteCommand(*flags, DescribeCommands(app), stop); };
  });
}

}  // namespace ollama_bench
