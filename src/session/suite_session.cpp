#include "ollama_bench/session/suite_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/session/report_source.h"
#include "ollama_bench/store/results_store.h"
#include "suite_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Error = Unexpected<SessionError>;

// A week, where no limit is given: a runner needs one.
constexpr std::chrono::hours kNoLimit{168};
// To write what is measured, remove a temporary model and end a server.
constexpr std::chrono::seconds kGrace{60};
constexpr std::chrono::minutes kPictureLimit{10};
constexpr std::chrono::minutes kSavePause{1};

// What must be the same for a folder to be resumed, contents of files included.
std::string TextOf(const std::vector<SuiteExperiment>& suite, FileSystem& file_system) {
  std::string text;
  const auto add = [&](const std::vector<SuiteOption>& options) {
    for (const SuiteOption& option : options) {
      text +=
          fmt::format("{}={}\n", option.flag, option.value.value_or(option.is_off ? "off" : ""));
      if (!option.is_file) continue;
      if (const auto file = file_system.Read(*option.value)) text += Sha256Hex(file->text) + "\n";
    }
  };
  for (const SuiteExperiment& experiment : suite) {
    text += fmt::format("[{} {} {} {}]\n", experiment.name, experiment.command,
                        experiment.limit.value_or(std::chrono::seconds(0)).count(),
                        experiment.needs_gpus);
    add(experiment.options);
  }
  return text;
}

/// Cuts the bytes of an output into lines.
class LineCutter {
 public:
  template <class Action>
  void Take(std::string_view bytes, const Action& action) {
    rest_ += bytes;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
      action(rest_.substr(0, end));
      rest_.erase(0, end + 1);
    }
  }

 private:
  std::string rest_;
};

// Whether a line of --json is the result of a command, not an event on the way.
bool IsAnswer(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  const auto event = json.find("event");
  return event == json.end() || *event == "end" || *event == "answer" || *event == "summary";
}

// The last error of a program, without its name.
std::string LastErrorOf(const ProcessOutcome& outcome) {
  std::string text = Printable(outcome.stderr_tail);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto begin = text.rfind("ollama-bench: ");
  if (begin != std::string::npos) text.erase(0, begin + std::string_view("ollama-bench: ").size());
  return std::string(StartOf(text, 500));
}

// One more than the highest number of a list such as "0,0+1".
int GpusNamedIn(std::string_view list) {
  int highest = 0;
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), part.size() + 1));
    const auto set = ParseValue(Parameter::kGpus, part);  // a bit for each
    if (set && *set > 0)
      highest = std::max(highest, static_cast<int>(std::bit_width(static_cast<unsigned>(*set))));
  }
  return highest;
}

class SuiteSession {
 public:
  SuiteSession(const std::vector<SuiteExperiment>& suite, const SuiteOptions& options,
               ProcessRunner& runner, Clock& clock, const StopRequest& stop,
               SuiteObserver& observer)
      : suite_(suite),
        options_(options),
        runner_(runner),
        clock_(clock),
        stop_(stop),
        observer_(observer) {}

  Expected<SuiteOutcome, SessionError> Run() {
    auto folder = SuiteFolder::Open(file_system_, clock_, options_, TextOf(suite_, file_system_));
    if (!folder) return Error(folder.error());
    folder_.emplace(std::move(*folder));
    outcome_.folder = folder_->path();
    MakeEntries();
    observer_.OnBegin(folder_->path(), outcome_.entries.size(), CountFinished());
    for (std::size_t i = 0; i < outcome_.entries.size() && !stop_.Requested(); ++i) {
      if (IsFinished(outcome_.entries[i])) continue;
      if (auto ran = RunExperiment(i); !ran) return Error(ran.error());
    }
    if (stop_.Requested()) return std::move(outcome_);
    WriteReports();
    if (stop_.Requested()) return std::move(outcome_);
    if (auto saved = folder_->Save(outcome_.entries, true); !saved) return Error(saved.error());
    return std::move(outcome_);
  }

 private:
  static bool IsFinished(const SuiteEntry& entry) {
    return entry.status != SuiteStatus::kPending && entry.status != SuiteStatus::kFailed;
  }

  [[nodiscard]] std::size_t CountFinished() const {
    return static_cast<std::size_t>(
        std::count_if(outcome_.entries.begin(), outcome_.entries.end(), IsFinished));
  }

  void MakeEntries() {
    for (const SuiteExperiment& experiment : suite_) {
      SuiteEntry entry;
      entry.name = experiment.name;
      entry.command = experiment.command;
      entry.results = experiment.name + (experiment.command == "prompts" ? ".jsonl" : ".json");
      const auto known =
          std::find_if(folder_->entries().begin(), folder_->entries().end(),
                       [&](const SuiteEntry& earlier) { return earlier.name == entry.name; });
      if (known != folder_->entries().end()) entry = *known;
      entry.arguments = ArgumentsOf(experiment, entry);
      outcome_.entries.push_back(std::move(entry));
    }
  }

  [[nodiscard]] std::vector<std::string> ArgumentsOf(const SuiteExperiment& experiment,
                                                     const SuiteEntry& entry) const {
    std::vector<std::string> arguments = {experiment.command};
    for (const SuiteOption& option : experiment.options) {
      if (option.is_off) continue;
      arguments.push_back(option.flag);
      if (option.value) arguments.push_back(*option.value);
    }
    for (const std::string& label : options_.labels) {
      arguments.insert(arguments.end(), {"--label", label});
    }
    const std::string results = (folder_->path() / entry.results).string();
    if (experiment.command == "prompts") {
      arguments.insert(arguments.end(),
                       {"--output", results, "--histogram", ChartOf(entry).string()});
    } else {
      arguments.insert(arguments.end(), {"--results", results});
    }
    arguments.emplace_back("--json");
    return arguments;
  }

  [[nodiscard]] fs::path ChartOf(const SuiteEntry& entry) const {
    return folder_->path() / "charts" / (entry.name + ".png");
  }

  // Why it cannot run on this machine; empty where it can.
  [[nodiscard]] std::string WhyNot(const SuiteExperiment& experiment) const {
    if (!options_.gpus) return {};
    int needed = experiment.needs_gpus;
    for (const SuiteOption& option : experiment.options) {
      if (option.flag == Describe(Parameter::kGpus).flag && option.value) {
        needed = std::max(needed, GpusNamedIn(*option.value));
      }
    }
    if (needed <= *options_.gpus) return {};
    return fmt::format("it needs {} GPU{}, and this machine has {}", needed, needed == 1 ? "" : "s",
                       *options_.gpus == 0 ? "none" : std::to_string(*options_.gpus));
  }

  Expected<void, SessionError> RunExperiment(std::size_t place) {
    const SuiteExperiment& experiment = suite_[place];
    SuiteEntry& entry = outcome_.entries[place];
    entry.reason = WhyNot(experiment);
    if (!entry.reason.empty()) {
      entry.status = SuiteStatus::kSkipped;
    } else {
      observer_.OnStart(place, experiment);
      if (auto saved = folder_->Save(outcome_.entries, false); !saved) return saved;
      Execute(experiment, entry);
    }
    if (auto saved = folder_->Save(outcome_.entries, false); !saved) return saved;
    observer_.OnEnd(place, entry);
    return {};
  }

  void Execute(const SuiteExperiment& experiment, SuiteEntry& entry) {
    LineCutter lines;
    std::string last_line;
    const double spent_before = entry.seconds;
    const auto begun = clock_.Now();
    auto saved_at = begun;
    entry.answer.clear();
    ProcessRequest request;
    request.argv = {options_.program};
    request.argv.insert(request.argv.end(), entry.arguments.begin(), entry.arguments.end());
    const auto spent = std::chrono::milliseconds(static_cast<std::int64_t>(entry.seconds * 1000));
    request.timeout = experiment.limit
                          ? std::max<std::chrono::milliseconds>(*experiment.limit - spent,
                                                                std::chrono::milliseconds(1))
                          : kNoLimit;
    request.grace = kGrace;
    request.on_stdout = [&](std::string_view bytes) {
      lines.Take(bytes, [&](const std::string& line) {
        observer_.OnLine(line);
        last_line = line;
      });
      // So that a kill loses a minute of it at most.
      const auto now = clock_.Now();
      if (now - saved_at < kSavePause) return;
      saved_at = now;
      entry.seconds = spent_before + std::chrono::duration<double>(now - begun).count();
      [[maybe_unused]] const auto saved = folder_->Save(outcome_.entries, false);
    };
    const ProcessOutcome ended = runner_.Run(request, stop_);
    entry.seconds = spent_before + std::chrono::duration<double>(ended.wall).count();
    if (IsAnswer(last_line)) entry.answer = std::move(last_line);
    Classify(experiment, ended, entry);
  }

  static void Classify(const SuiteExperiment& experiment, const ProcessOutcome& ended,
                       SuiteEntry& entry) {
    entry.reason.clear();
    entry.status = SuiteStatus::kFailed;
    switch (ended.end) {
      case ProcessOutcome::End::kExited:
        if (ended.exit_code == static_cast<int>(ExitCode::kDone)) {
          entry.status = SuiteStatus::kDone;
        } else if (ended.exit_code == static_cast<int>(ExitCode::kNoCell)) {
          entry.status = SuiteStatus::kNoResult;
          entry.reason = "nothing could be measured";
        } else {
          entry.reason = LastErrorOf(ended);
        }
        break;
      case ProcessOutcome::End::kTimedOut:
        entry.status = SuiteStatus::kTimedOut;
        entry.reason = fmt::format("its limit of {} has passed",
                                   FormatDuration(experiment.limit.value_or(kNoLimit)));
        break;
      case ProcessOutcome::End::kInterrupted:
        entry.status = SuiteStatus::kPending;
        entry.reason = "stopped";
        break;
      case ProcessOutcome::End::kSignaled:
      case ProcessOutcome::End::kNotStarted:
        entry.reason = DescribeEnd(ended);
        break;
    }
  }

  // How `entry`'s picture is drawn; `prompts` draws its own.
  [[nodiscard]] std::vector<std::string> PictureArguments(const SuiteEntry& entry) {
    const std::string results = (folder_->path() / entry.results).string();
    const std::string chart = ChartOf(entry).string();
    if (entry.command == "scale") return {"plot", "--scale", results, "--output", chart};
    if (entry.command == "load") return {"plot", results, "--output", chart};
    const auto store = ResultsStore::Load(file_system_, results);
    if (!store) return {};
    const Space space = PlannedSpace(store->metadata());
    const auto varied = std::count_if(space.axes.begin(), space.axes.end(),
                                      [](const Axis& axis) { return axis.values.size() > 1; });
    if (varied == 1) return {"plot", results, "--output", chart};
    return {"heatmap", results, "--no-csv", "--output", chart};
  }

  // Pictures and reports of what there is. That one cannot be made spoils no other.
  void WriteReports() {
    std::vector<std::string> report = {"report"};
    for (const SuiteEntry& entry : outcome_.entries) {
      const fs::path results = folder_->path() / entry.results;
      std::error_code error;
      if (!fs::exists(results, error)) continue;
      if (const auto source = LoadReportSource(file_system_, results); !source) {
        observer_.OnWarning(fmt::format("not in the report: {}", source.error().message));
        continue;
      }
      report.push_back(results.string());
      const bool has_own = entry.command == "prompts";
      const std::vector<std::string> picture =
          has_own ? std::vector<std::string>() : PictureArguments(entry);
      if (!picture.empty()) Make(picture, {ChartOf(entry)});
      if (has_own && fs::exists(ChartOf(entry), error)) outcome_.written.push_back(ChartOf(entry));
    }
    if (report.size() == 1) return;
    std::vector<fs::path> pages;
    for (const char* name : {"report.html", "report.md"}) {
      pages.push_back(folder_->path() / name);
      report.insert(report.end(), {"--output", pages.back().string()});
    }
    Make(report, pages);
  }

  void Make(const std::vector<std::string>& arguments, const std::vector<fs::path>& paths) {
    ProcessRequest request;
    request.argv = {options_.program};
    request.argv.insert(request.argv.end(), arguments.begin(), arguments.end());
    request.timeout = kPictureLimit;
    const ProcessOutcome made = runner_.Run(request, stop_);
    const bool is_made = made.end == ProcessOutcome::End::kExited && made.exit_code <= 1;
    for (const fs::path& path : paths) {
      if (is_made) outcome_.written.push_back(path);
      if (is_made) continue;
      observer_.OnWarning(fmt::format("{} was not written: {}", path.string(), LastErrorOf(made)));
    }
  }

  const std::vector<SuiteExperiment>& suite_;
  const SuiteOptions& options_;
  ProcessRunner& runner_;
  Clock& clock_;
  const StopRequest& stop_;
  SuiteObserver& observer_;
  PosixFileSystem file_system_;
  std::optional<SuiteFolder> folder_;
  SuiteOutcome outcome_;
};

}  // namespace

Expected<SuiteOutcome, SessionError> RunSuite(const std::vector<SuiteExperiment>& suite,
                                              const SuiteOptions& options, ProcessRunner& runner,
                                              Clock& clock, const StopRequest& stop,
                                              SuiteObserver& observer) {
  return SuiteSession(suite, options, runner, clock, stop, observer).Run();
}

}  // namespace ollama_bench
