#include "doctor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "doctor_client.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/machine/conditions.h"
#include "ollama_bench/machine/machine.h"
#include "ollama_bench/machine/telemetry_reader.h"
#include "ollama_bench/ollama/client_proxy.h"
#include "ollama_bench/ollama/server_check.h"
#include "ollama_bench/ollama/version_facts.h"
#include "ollama_bench/process/find_program.h"
#include "ollama_bench/render/text_report.h"
#include "ollama_bench/session/leftovers.h"
#include "ollama_bench/store/file_lock.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;
using Level = Finding::Level;

constexpr std::size_t kIndent = 19;  // of the texts, behind level and topic

std::string_view KeyOf(Level level) {
  switch (level) {
    case Level::kGood:
      return "ok";
    case Level::kNote:
      return "note";
    case Level::kWarning:
      return "warning";
    case Level::kProblem:
      return "problem";
  }
  return "";
}

// The words of `text`, broken before the column `width`; later lines begin at kIndent.
std::string Indented(const std::string& text, std::size_t width) {
  std::string lines = Wrapped(text, width - std::min(width, kIndent));
  for (auto end = lines.find('\n'); end + 1 < lines.size(); end = lines.find('\n', end + 1)) {
    lines.insert(end + 1, kIndent, ' ');
  }
  return lines;
}

}  // namespace

std::string FindingsText(const std::vector<Finding>& findings, const TerminalStyle& style) {
  std::string text;
  for (const Finding& finding : findings) {
    const std::string level = fmt::format("{:<8}", KeyOf(finding.level));
    const bool stands_out = finding.level >= Level::kWarning;
    text += fmt::format("{} {:<10}", stands_out ? Bold(level, style.color) : level, finding.topic);
    text += Indented(Printable(finding.text, false), style.width);
    if (!finding.remedy.empty()) {
      text += fmt::format("{:{}}", "", kIndent) +
              Indented("-> " + Printable(finding.remedy, false), style.width);
    }
  }
  return text;
}

std::string FindingsJson(const std::vector<Finding>& findings,
                         const std::vector<std::string>& fixed) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"level", KeyOf(finding.level)},
                    {"topic", finding.topic},
                    {"message", finding.text},
                    {"remedy", finding.remedy.empty() ? Json() : Json(finding.remedy)}});
  }
  const Json json = {{"ok", !AnyProblem(findings)}, {"findings", list}, {"fixed", fixed}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

bool AnyProblem(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.level == Level::kProblem; });
}

namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::chrono::milliseconds kVersionTimeout{10'000};
constexpr std::int64_t kLittleDisk = 100'000'000;  // bytes; a results file takes a few megabytes
constexpr std::size_t kMostModelsShown = 10;

// Other files of the folder that may be results; few and small, for they are all read.
std::vector<fs::path> ResultsBeside(const fs::path& results) {
  constexpr std::size_t kMostFiles = 100;
  constexpr std::uintmax_t kMostBytes = 32U << 20U;
  const fs::path folder = results.parent_path();
  std::vector<fs::path> paths;
  std::error_code error;
  fs::directory_iterator entries(folder.empty() ? "." : folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code unreadable;
    if (entries->path().extension() != ".json" || !entries->is_regular_file(unreadable)) continue;
    if (entries->file_size(unreadable) > kMostBytes || unreadable) continue;
    if (entries->path().filename() == results.filename()) continue;
    paths.push_back(folder / entries->path().filename());
    if (paths.size() == kMostFiles) break;
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string Shortened(const std::vector<fs::path>& paths) {
  constexpr std::size_t kMostShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kMostShown, paths.size()); ++i) {
    text += (i == 0 ? "" : ", ") + paths[i].string();
  }
  if (paths.size() > kMostShown) text += fmt::format(" and {} more", paths.size() - kMostShown);
  return text;
}

/// Makes the findings, one after the other.
class Examination {
 public:
  explicit Examination(const DoctorSubject& subject)
      : subject_(subject), is_local_(subject.api.address().IsLoopback()) {
    PosixFileSystem file_system;
    const auto store = ResultsStore::Load(file_system, subject.results);
    if (store) noted_ = store->metadata().temporary_models;
  }

  std::vector<Finding> Run() {
    const auto version = subject_.api.Version();
    Program(version.has_value());
    Server(version);
    if (version) {
      Version(*version);
      Client();
      Models();
      Loaded();
    }
    Machine();
    Disk();
    Remains();
    return std::move(findings_);
  }

 private:
  void Add(Level level, std::string topic, std::string text, std::string remedy = {}) {
    findings_.push_back({level, std::move(topic), std::move(text), std::move(remedy)});
  }

  void Program(bool server_answers) {
    program_ = FindProgram(subject_.ollama);
    if (program_) return Add(Level::kGood, "program", program_->string());
    const std::string remedy =
        "install Ollama from https://ollama.com/download, or name its program with --ollama PATH";
    const std::string text = fmt::format("there is no program '{}' here", subject_.ollama);
    if (!server_answers) return Add(Level::kProblem, "program", text, remedy);
    Add(Level::kNote, "program", text + "; `run` measures through the server's API instead",
        remedy);
  }

  void Server(const Expected<std::string, Failure>& version) {
    const std::string url = subject_.api.address().Url();
    if (version) {
      return Add(Level::kGood, "server", fmt::format("Ollama {} answers at {}", *version, url));
    }
    std::string text = version.error().message;
    if (const auto proxy = FindClientProxy(subject_.api.address())) {
      text += "; " + DescribeProxy(*proxy);
    }
    const bool is_silent = IsSilent(version.error());
    Add(Level::kProblem, "server", text,
        !is_silent  ? "name Ollama's own address with --host HOST:PORT"
        : is_local_ ? "ollama serve"
                    : "start it there, or name another with --host HOST:PORT");
  }

  void Version(const std::string& server) {
    const std::string client = AskClient();
    if (!client.empty() && client != server) {
      Add(Level::kWarning, "version",
          fmt::format("the program is version {}, the server {}", client, server),
          is_local_ ? "restart the server: sudo systemctl restart ollama, or ollama serve"
                    : "install the same version here and there");
    }
    const auto parsed = ParseOllamaVersion(server);
    if (!parsed) {
      return Add(Level::kNote, "version",
                 fmt::format("the server calls itself {}, of which nothing is known", server));
    }
    for (const VersionFact& fact : FactsOfVersion(*parsed)) {
      Add(fact.is_warning ? Level::kWarning : Level::kNote, "version",
          fmt::format("Ollama {}: {}", server, fact.text),
          fact.is_warning ? "install another release from https://ollama.com/download" : "");
    }
  }

  void Client() {
    if (!program_) return;
    for (Finding& finding : ExamineClient(subject_, *program_)) {
      findings_.push_back(std::move(finding));
    }
  }

  std::string AskClient() {
    if (!program_) return {};
    const ProcessOutcome outcome = subject_.runner.Run({{program_->string(), "--version"},
                                                        ClientEnvironment(subject_.api.address()),
                                                        {},
                                                        kVersionTimeout},
                                                       subject_.stop);
    if (outcome.end != ProcessOutcome::End::kExited) return {};
    return Printable(ClientVersion(outcome.stdout_tail + "\n" + outcome.stderr_tail), false);
  }

  void Models() {
    const auto models = subject_.api.Models();
    if (!models) return Add(Level::kProblem, "models", models.error().message);
    if (models->empty()) {
      return Add(Level::kProblem, "models", "the server has no model", "ollama pull qwen3:4b");
    }
    std::vector<std::string> names;
    for (const ModelListing& model : *models) {
      if (names.size() == kMostModelsShown) break;
      if (!model.remote_host.empty()) {
        names.push_back(fmt::format("{} (runs on {})", model.name, model.remote_host));
        continue;
      }
      names.push_back(model.size_bytes
                          ? fmt::format("{} ({})", model.name, FormatBytes(*model.size_bytes))
                          : model.name);
    }
    std::string text = fmt::format("{}", fmt::join(names, ", "));
    if (models->size() > names.size()) {
      text += fmt::format(" and {} more", models->size() - names.size());
    }
    Add(Level::kGood, "models", text);
  }

  void Loaded() {
    const auto running = subject_.api.Running();
    if (!running) return Add(Level::kProblem, "loaded", running.error().message);
    if (running->empty()) return Add(Level::kGood, "loaded", "no model is in memory");
    for (const RunningModel& model : *running) {
      const std::string text =
          fmt::format("{} is in memory and takes {}", model.name, FormatBytes(model.size_bytes));
      const auto is_it = [&model](const TemporaryModel& noted) {
        return FindModel({ModelListing{model.name, {}, {}}}, noted.name) != nullptr;
      };
      const bool is_noted = std::any_of(noted_.begin(), noted_.end(), is_it);
      if (is_noted || model.name.starts_with(kTemporaryModelPrefix)) {
        Add(Level::kNote, "loaded", text + "; a sweep made it");
      } else {
        Add(Level::kWarning, "loaded", text, "ollama stop " + model.name);
      }
    }
  }

  void Machine() {
    if (!is_local_) {
      return Add(
          Level::kNote, "machine",
          "the server is elsewhere; nothing can be said of its CPU, GPU and memory from here");
    }
    const Environment machine = DescribeMachine();
    Add(Level::kGood, "cpu", machine.cpu.empty() ? "not told by the system" : machine.cpu);
    if (machine.gpus.empty()) {
      Add(Level::kNote, "gpu", "none was seen; models run on the CPU");
    } else {
      Add(Level::kGood, "gpu", fmt::format("{}", fmt::join(machine.gpus, ", ")));
    }
    const FreeMemory memory = MeasureFreeMemory(subject_.runner, subject_.stop);
    if (memory.ram) {
      Add(Level::kGood, "memory",
          fmt::format("{} free{}", FormatBytes(*memory.ram),
                      memory.gpu ? fmt::format(", {} on GPUs", FormatBytes(*memory.gpu)) : ""));
    }
    Telemetry();
    Conditions();
  }

  void Telemetry() {
    const TelemetryReader reader(subject_.api.address().port, getpid());
    const std::string gap = reader.Gap();
    Add(gap.empty() ? Level::kGood : Level::kNote, "telemetry",
        "read during a run: " + reader.Sources() + (gap.empty() ? "" : ". " + gap));
  }

  void Conditions() {
    std::vector<MachineCondition> found = FindConditions();
    const auto throttling = FindGpuThrottling(subject_.runner, subject_.stop);
    found.insert(found.end(), throttling.begin(), throttling.end());
    for (const MachineCondition& condition : found) {
      Add(Level::kWarning, condition.topic, condition.text, condition.remedy);
    }
  }

  void Disk() {
    std::error_code error;
    const fs::path folder = fs::absolute(subject_.results, error).parent_path();
    const fs::space_info space = fs::space(folder, error);
    if (error) {
      return Add(Level::kProblem, "disk", fmt::format("{}: {}", folder.string(), error.message()),
                 "name a file in another folder with --results FILE");
    }
    const auto free = static_cast<std::int64_t>(space.available);
    const std::string text = fmt::format("{} free in {}", FormatBytes(free), folder.string());
    if (free < kLittleDisk) {
      return Add(Level::kWarning, "disk", text, "make room, or name a --results FILE elsewhere");
    }
    Add(Level::kGood, "disk", text);
  }

  void Remains() {
    const Leftovers left = FindLeftovers(subject_);
    const std::string fix = fmt::format("ollama-bench doctor --fix {}", subject_.results.string());
    for (const TemporaryModel& model : left.models) {
      Add(Level::kWarning, "leftovers",
          fmt::format("the model {} was left behind by an earlier run", model.name), fix);
    }
    if (!left.folders.empty()) {
      Add(Level::kWarning, "leftovers",
          fmt::format("{} left behind by earlier runs: {}",
                      left.folders.size() == 1
                          ? "a folder was"
                          : fmt::format("{} folders were", left.folders.size()),
                      Shortened(left.folders)),
          fix);
    }
    for (const TemporaryModel& model : left.kept) {
      Add(Level::kNote, "leftovers",
          fmt::format(
              "the model {} has a name that an earlier run used, but is not known to be made "
              "by it; it stays",
              model.name),
          fmt::format("where nobody needs it: ollama rm {}", model.name));
    }
    for (const auto& [file, models] : left.of_neighbours) {
      for (const TemporaryModel& model : models) {
        Add(Level::kNote, "leftovers",
            fmt::format("the model {} was left behind by the run of {}, which may resume",
                        model.name, file.string()),
            fmt::format("ollama-bench doctor --fix {}", file.string()));
      }
    }
    for (const std::string& name : left.foreign_models) {
      Add(Level::kNote, "leftovers",
          fmt::format("the model {} belongs to another results file, whose run may resume", name),
          fmt::format("ollama-bench doctor --fix THAT_FILE, or by hand: ollama rm {}", name));
    }
    const bool none = left.models.empty() && left.kept.empty() && left.folders.empty() &&
                      left.foreign_models.empty() && left.of_neighbours.empty();
    if (none) Add(Level::kGood, "leftovers", "none");
  }

  const DoctorSubject& subject_;
  bool is_local_;
  std::vector<TemporaryModel> noted_;  // in the results, of their runs
  std::optional<fs::path> program_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Examine(const DoctorSubject& subject) {
  return Examination(subject).Run();
}

namespace {

// A name of --model-name shows nothing of whose it is, but the results of its sweep note it.
void FindOfNeighbours(const DoctorSubject& subject, const std::vector<ModelListing>& models,
                      Leftovers& left) {
  PosixFileSystem file_system;
  for (const fs::path& path : ResultsBeside(subject.results)) {
    const auto store = ResultsStore::Load(file_system, path);
    const auto holder = WhoHolds(path);
    if (!store || !holder || holder->has_value()) continue;
    const Metadata& metadata = store->metadata();
    for (const TemporaryModel& noted : metadata.temporary_models) {
      const ModelListing* listed = FindModel(models, noted.name);
      if (listed == nullptr || !IsOwnModel(noted, metadata.store_id, listed->digest)) continue;
      left.of_neighbours[path].push_back(noted);
      std::erase(left.foreign_models, listed->name);
    }
  }
}

}  // namespace

Leftovers FindLeftovers(const DoctorSubject& subject) {
  Leftovers left;
  left.folders = FindAbandonedScratch(ScratchParent());
  PosixFileSystem file_system;
  const auto store = ResultsStore::Load(file_system, subject.results);
  const auto holder = WhoHolds(subject.results);
  left.results_in_use = holder && holder->has_value();
  const auto models = subject.api.Models();
  if (!models) return left;
  const Metadata metadata = store ? store->metadata() : Metadata();
  const auto& noted = metadata.temporary_models;
  for (const ModelListing& model : *models) {
    const auto found = std::find_if(noted.begin(), noted.end(), [&](const TemporaryModel& mine) {
      return FindModel({model}, mine.name) != nullptr;
    });
    if (found == noted.end()) {
      const bool is_named_so = model.name.starts_with(kTemporaryModelPrefix);
      if (is_named_so) left.foreign_models.push_back(model.name);
    } else if (!left.results_in_use) {
      const bool is_own = IsOwnModel(*found, metadata.store_id, model.digest);
      (is_own ? left.models : left.kept).push_back(*found);
    }
  }
  FindOfNeighbours(subject, *models, left);
  return left;
}

}  // namespace ollama_bench
