#include "ollama_bench/session/session_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <utility>

#include "driver_choice.h"
#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/server_variable.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/machine/machine.h"
#include "ollama_bench/machine/process_times.h"
#include "ollama_bench/ollama/api_driver.h"
#include "ollama_bench/ollama/attached_file.h"
#include "ollama_bench/ollama/cli_driver.h"
#include "ollama_bench/ollama/model_folder.h"
#include "ollama_bench/ollama/server_check.h"
#include "ollama_bench/ollama/server_machine.h"
#include "ollama_bench/ollama/server_settings.h"
#include "ollama_bench/ollama/version_facts.h"
#include "ollama_bench/plan/plan_cells.h"
#include "ollama_bench/process/find_program.h"
#include "ollama_bench/session/leftovers.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/sweep/replay_driver.h"
#include "server_choice.h"

namespace ollama_bench {

Expected<ServerAddress, SessionError> FindServer(const std::string& host) {
  const char* variable = std::getenv("OLLAMA_HOST");
  const std::string text = !host.empty()         ? host
                           : variable != nullptr ? std::string(variable)
                                                 : std::string();
  auto address = ParseServerAddress(text);
  if (!address) return Fail(ExitCode::kUsage, address.error());
  if (address->host == "ollama.com") {
    return Fail(ExitCode::kUsage,
                "the server is Ollama's cloud, where num_ctx and num_batch cannot be chosen; name "
                "a server of your own with --host HOST:PORT");
  }
  return *address;
}

Expected<std::optional<ModelfileTemplate>, SessionError> ReadTemplate(const SweepConfig& config) {
  if (config.modelfile.empty()) return std::optional<ModelfileTemplate>();
  // With room for licences; somebody may have meant the weights.
  constexpr std::uintmax_t kMostMiB = 4;
  std::error_code error;
  const auto size = std::filesystem::file_size(config.modelfile, error);
  if (!error && size > kMostMiB << 20U) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} is larger than {} MiB and so no Modelfile; weights are named by "
                            "FROM in one",
                            config.modelfile.string(), kMostMiB));
  }
  std::ifstream in(config.modelfile, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto modelfile = Modelfile::Parse(bytes);
  if (!modelfile) {
    return Fail(ExitCode::kUsage,
                fmt::format("{}: {}", config.modelfile.string(), modelfile.error()));
  }
  auto resolved = ResolveModelfile(*modelfile, config.modelfile.parent_path());
  if (!resolved) {
    return Fail(ExitCode::kUsage,
                fmt::format("{}: {}", config.modelfile.string(), resolved.error()));
  }
  return std::optional<ModelfileTemplate>(std::move(*resolved));
}

Expected<void, SessionError> CheckAttachesNothing(std::string_view prompt,
                                                  const ServerFacts& facts) {
  const auto file = facts.attaches_files ? FindAttachedFile(prompt) : std::nullopt;
  if (!file) return {};
  return Fail(ExitCode::kUsage,
              fmt::format("the prompt names {}, which the `ollama` program would open and attach "
                          "to each prompt, for the model takes pictures or sound; measure with "
                          "--driver api, which sends the text as it is, or name another prompt",
                          Printable(*file, false)));
}

std::string ModelDescription(const SweepConfig& config) {
  if (config.model.empty()) return config.modelfile.string();
  return fmt::format("{}", fmt::join(ModelsOf(config), ", "));
}

Expected<FileLock, SessionError> LockMachineOf(const ServerAddress& address, Clock& clock) {
  const char* const folder = std::getenv("OLLAMA_BENCH_LOCK_FOLDER");
  auto lock = LockMachine(MachineOf(address), clock, folder != nullptr ? folder : "/tmp");
  if (!lock) return Unexpected<SessionError>(ToSessionError(lock.error()));
  return std::move(*lock);
}

std::string NoModelNamed(const std::vector<ModelListing>& models, const std::string& place,
                         std::string_view command) {
  constexpr std::size_t kMostModelsShown = 20;
  if (models.empty()) {
    return fmt::format(
        "no model is named, and the server at {} has none yet\n"
        "download one, for example:  ollama pull qwen3:4b\n"
        "then:                       ollama-bench {} --model qwen3:4b",
        place, command);
  }
  std::string text = fmt::format("no model is named; the server at {} has\n", place);
  for (std::size_t i = 0; i < std::min(models.size(), kMostModelsShown); ++i) {
    text += fmt::format("  {}\n", models[i].name);
  }
  if (models.size() > kMostModelsShown) {
    text += fmt::format("  and {} more\n", models.size() - kMostModelsShown);
  }
  const auto local = std::find_if(models.begin(), models.end(), [](const ModelListing& model) {
    return model.remote_host.empty();
  });
  return text + fmt::format("for example:  ollama-bench {} --model {}", command,
                            local != models.end() ? local->name : "qwen3:4b");
}

namespace {

using Error = SessionError;

// Of all cells, also where the axis is taken out of the space later.
int NumPredictOf(const SweepConfig& config) {
  const std::vector<int>& values = config.space.ValuesOf(Parameter::kNumPredict);
  return values.size() == 1 ? values.front() : config.num_predict;
}

}  // namespace

SessionDriver::SessionDriver(const DriverOptions& options, FileSystem& file_system, Clock& clock,
                             const StopRequest& stop, std::function<void()> on_idle)
    : options_(options),
      file_system_(file_system),
      clock_(clock),
      stop_(stop),
      on_idle_(std::move(on_idle)),
      runner_(on_idle_, options.log) {}

Expected<void, Error> SessionDriver::Open(const SweepConfig& config,
                                          const std::string& stored_driver) {
  if (options_.driver == "replay" || !options_.replay.empty()) return OpenRecording();
  const auto address = FindServer(options_.host);
  if (!address) return Unexpected<Error>(address.error());
  program_ = config.ollama.empty() ? kUsualProgram : config.ollama;
  usual_ = *address;
  api_.emplace(*address, stop_, options_.log);
  place_ = address->Url();
  const auto choice = ChooseDriver({options_, config, stored_driver, program_, usual_});
  if (!choice) return Unexpected<Error>(choice.error());
  kind_ = choice->kind;
  if (kind_ == DriverKind::kPrivate) {
    place_ =
        fmt::format("a server of its own, by {}", fmt::join(ProgramsOf(config, program_), " and "));
  }
  return choice->is_fallback ? CheckAnswers() : Expected<void, Error>();
}

Expected<void, Error> SessionDriver::OpenRecording() {
  if (options_.replay.empty()) {
    return Fail(ExitCode::kUsage, "--driver replay needs a recording: --replay FILE");
  }
  if (!options_.driver.empty() && options_.driver != "replay") {
    return Fail(ExitCode::kUsage,
                fmt::format("--replay and --driver {} exclude each other", options_.driver));
  }
  const auto store = ResultsStore::Load(file_system_, options_.replay);
  if (!store) {
    return Unexpected<Error>(ToSessionError(NotResults(options_.replay, store.error())));
  }
  kind_ = DriverKind::kReplay;
  place_ = options_.replay.string();
  recorded_ = store->metadata();
  recording_.emplace(store->results());
  if (recording_->Axes().CellCount() == 0) {
    return Fail(ExitCode::kUsage, fmt::format("{} holds no measured cell to replay", place_));
  }
  if (options_.replay_noise == 0) {
    notice_ =
        "without --replay-noise a recorded reading repeats itself, and the intervals come out too "
        "narrow";
  }
  return {};
}

// Without a program there must be a server at least.
Expected<void, Error> SessionDriver::CheckAnswers() {
  const auto version = api_->Version();
  if (!version && version.error().kind == FailureKind::kInterrupted) return Fail(version.error());
  if (!version) {
    return Fail(ExitCode::kEnvironment,
                fmt::format("there is no program '{}' here, and no Ollama answers at {}\n"
                            "install Ollama (https://ollama.com/download), name its program with "
                            "--ollama PATH, or a server elsewhere with --host HOST:PORT",
                            program_, place_));
  }
  notice_ = fmt::format("there is no program '{}' here; measuring through the API of {}", program_,
                        place_);
  return {};
}

Expected<void, Error> SessionDriver::LockServer() {
  if (recording_) return {};
  auto lock = LockMachineOf(usual_, clock_);
  if (!lock) return Unexpected<Error>(lock.error());
  server_lock_.emplace(std::move(*lock));
  return {};
}

OllamaApi* SessionDriver::api() {
  if (private_ != nullptr) return &private_->api();
  return api_ ? &*api_ : nullptr;
}

namespace {

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

ModelFolderPlaces PlacesOfModels(const std::filesystem::path& named, std::string of_server) {
  ModelFolderPlaces places;
  if (!named.empty()) places.named = named;
  places.own_variable = Variable("OLLAMA_MODELS");
  places.server_variable = std::move(of_server);
  places.usual = UsualModelFolders(Variable("HOME"));
  return places;
}

}  // namespace

// It reads a mirror of the user's models, and stands for the user's server but for what the cells
// set.
Expected<void, Error> SessionDriver::StartPrivateServer(const SweepConfig& config) {
  auto scratch = ScratchFolder::Make();
  if (!scratch) return Unexpected<Error>(scratch.error());
  scratch_.emplace(std::move(*scratch));
  const auto process = FindServerProcess(usual_.port);
  const auto used = process ? ReadVariableOf(process->pid, "OLLAMA_MODELS") : std::nullopt;
  const auto folder = FindModelFolder(PlacesOfModels(options_.models, used.value_or("")));
  if (!folder) return Fail(ExitCode::kEnvironment, folder.error());
  if (config.model.empty()) {
    return Fail(ExitCode::kUsage,
                fmt::format("no model is named; name one of {} with --model", folder->string()));
  }
  const std::vector<std::string> models = ModelsOf(config);
  const auto mirror = scratch_->path() / "models";
  if (auto done = MirrorModels(*folder, models, mirror); !done) {
    return Fail(ExitCode::kEnvironment, done.error());
  }
  usual_settings_ = ReadServerSettings(usual_.port);
  const auto others = [this] {
    return ModelsOfOtherServers(private_ != nullptr ? private_->api().address().port : 0, usual_);
  };
  if (const auto loaded = others(); !loaded.empty()) {
    return Fail(ExitCode::kEnvironment,
                fmt::format("another server of this machine has {} loaded, which takes memory and "
                            "would be measured with it; `ollama stop NAME` frees it",
                            fmt::join(loaded, " and ")));
  }
  PrivateDriverOptions options;
  options.programs = ProgramsOf(config, program_);
  options.models = mirror;
  options.folder = scratch_->path();
  options.first = PlanCells(config.space, config.row_first).front();
  for (const Axis& axis : config.space.axes) {
    if (Describe(axis.parameter).scope == Scope::kServer) options.varied.push_back(axis.parameter);
  }
  options.environment = usual_settings_;
  options.api = {models, NumPredictOf(config), config.timeout, on_idle_};
  options.log = options_.log;
  options.others = others;
  auto made = std::make_unique<PrivateDriver>(std::move(options), clock_, stop_);
  private_ = made.get();
  driver_ = std::move(made);
  if (auto facts = driver_->Connect(); !facts) return Fail(facts.error());
  return {};
}

namespace {

// Where an objective is given, the highest level that meets it is looked for up to here.
constexpr int kMostUsers = 256;

// Settings stay as they are: what is asked is how many users they serve.
SweepConfig WithLevels(SweepConfig config) {
  const bool has_levels = config.space.Find(Parameter::kConcurrency) != nullptr ||
                          config.space.Find(Parameter::kRequestRate) != nullptr;
  if (has_levels) return config;
  std::vector<int> levels = {1, 2, 4, 8};
  if (!config.traffic.objectives.empty()) {
    levels.resize(kMostUsers);
    std::iota(levels.begin(), levels.end(), 1);
    config.traffic.searches_capacity = true;
  }
  config.space.Set(Parameter::kConcurrency, std::move(levels));
  return config;
}

}  // namespace

Expected<SweepConfig, Error> SessionDriver::Complete(SweepConfig config, GridSize size) {
  if (recording_) {
    if (config.model.empty() && config.modelfile.empty()) config.model = recorded_.identity.model;
    for (const Axis& axis : recording_->Axes().axes) {
      if (config.space.Find(axis.parameter) == nullptr) config.space.axes.push_back(axis);
    }
    return config;
  }
  if (kind_ == DriverKind::kPrivate) {
    if (auto started = StartPrivateServer(config); !started) {
      return Unexpected<Error>(started.error());
    }
  }
  if (const auto named = RequireModelName(config); !named) return Unexpected<Error>(named.error());
  if (config.workload == WorkloadKind::kLoad && size != GridSize::kLengths) {
    return WithLevels(std::move(config));
  }
  std::string base = config.model;
  if (base.empty()) {
    const auto modelfile = ReadTemplate(config);
    if (!modelfile) return Unexpected<Error>(modelfile.error());
    base = (*modelfile)->base;
  }
  const GridFacts facts = FactsOf(base);
  if (size == GridSize::kLengths) {
    config.space = CompleteLengths(std::move(config.space), facts, NumPredictOf(config));
    return config;
  }
  const Space given = config.space;
  config.space = CompleteSpace(std::move(config.space), facts, size);
  grid_notes_ = GridNotes(given, config.space, facts);
  return config;
}

Expected<void, Error> SessionDriver::RequireModelName(SweepConfig& config) {
  if (!config.modelfile.empty()) return {};
  if (const auto version = ReachServer(*api()); !version) return Fail(version.error());
  if (!config.model.empty()) {
    const auto model = RequireModel(*api(), config.model);
    if (!model) return Fail(model.error());
    // What is only spelt otherwise (case, host, https://) gets the server's spelling.
    if (model->name != config.model && model->name != config.model + ":latest") {
      config.model = model->name;
    }
    return {};
  }
  const auto models = api()->Models();
  if (!models) return Fail(models.error());
  return Fail(ExitCode::kUsage, NoModelNamed(*models, place_, "run"));
}

// What cannot be found out stays open: the server does not know a Modelfile's weights file yet.
GridFacts SessionDriver::FactsOf(const std::string& model) {
  GridFacts facts;
  if (!IsValidModelName(model)) return facts;
  if (const auto details = api()->Show(model)) {
    facts.trained_context = details->trained_context;
    facts.kv_bytes_per_token = details->kv_bytes_per_token;
  }
  if (const auto listing = RequireModel(*api(), model)) facts.weights_bytes = listing->size_bytes;
  if (api()->address().IsLoopback()) {
    const FreeMemory memory = MeasureFreeMemory(runner_, stop_);
    facts.gpu_bytes = memory.gpu;
    facts.ram_bytes = memory.ram;
  }
  return facts;
}

Expected<ServerFacts, Error> SessionDriver::Connect(const SweepConfig& config,
                                                    const Metadata& store,
                                                    std::uint64_t runs_before,
                                                    OnCreated on_created) {
  Expected<void, Error> made;
  switch (kind_) {
    case DriverKind::kCli:
      made = MakeCliDriver(config, store, std::move(on_created));
      break;
    case DriverKind::kApi:
      made = MakeApiDriver(config);
      break;
    case DriverKind::kPrivate:
      break;
    case DriverKind::kReplay:
      MakeReplayDriver(runs_before);
      break;
  }
  if (!made) return Unexpected<Error>(made.error());
  auto facts = driver_->Connect();
  if (!facts) return Fail(facts.error());
  return std::move(*facts);
}

SessionDriver::FoundBaseline SessionDriver::FindBaseline(const SweepConfig& config,
                                                         MayLoad may_load) {
  if (recording_) return {recorded_.baseline, false, {}};
  std::string base = config.model;
  std::vector<std::pair<std::string, std::string>> own;
  if (const auto modelfile = ReadTemplate(config); modelfile && *modelfile) {
    base = (*modelfile)->base;
    own = (*modelfile)->modelfile.Parameters();
  }
  // A Modelfile's weights file is no model that could be asked or loaded as it is.
  const auto details =
      IsValidModelName(base) ? api()->Show(base) : Expected<ModelDetails, Failure>(ModelDetails());
  if (!details) return {std::nullopt, false, details.error().message};
  SeenServer seen;
  const auto process = api()->address().IsLoopback() ? FindServerProcess(api()->address().port)
                                                     : Unexpected<std::string>(std::string());
  if (process) seen.context_variable = ReadVariableOf(process->pid, "OLLAMA_CONTEXT_LENGTH");
  auto parameters = SplitShownParameters(details->parameters);
  parameters.insert(parameters.end(), own.begin(), own.end());
  auto found =
      FindPresentSetting(ReadParameters(parameters), base, *api(), clock_, stop_, may_load, seen);
  FoundBaseline baseline{std::nullopt, found.needs_load, std::move(found.why_not)};
  if (found.setting) baseline.setting = Baseline{found.setting->cell, found.setting->source};
  if (baseline.setting) AddServerSettings(config, *baseline.setting);
  return baseline;
}

// As the user's own server has them, where it runs and may be looked at; else as Ollama does by
// itself.
void SessionDriver::AddServerSettings(const SweepConfig& config, Baseline& baseline) {
  const auto release = ParseOllamaVersion(api()->Version().value_or(std::string()));
  const Cell defaults = release ? RulesOfVersion(*release).server_defaults : Cell();
  for (const Axis& axis : config.space.axes) {
    const ParameterInfo& info = Describe(axis.parameter);
    if (info.scope != Scope::kServer) continue;
    const auto found = usual_settings_.find(std::string(info.variable));
    const auto value = found != usual_settings_.end()
                           ? ReadVariableText(axis.parameter, found->second)
                           : std::nullopt;
    const int usual = defaults[axis.parameter];
    const bool is_of_grid =
        std::find(axis.values.begin(), axis.values.end(), usual) != axis.values.end();
    baseline.cell.Set(axis.parameter, value.value_or(is_of_grid ? usual : kAutoValue));
  }
}

Expected<void, Error> SessionDriver::MakeCliDriver(const SweepConfig& config, const Metadata& store,
                                                   OnCreated on_created) {
  auto modelfile = ReadTemplate(config);
  if (!modelfile) return Unexpected<Error>(modelfile.error());
  auto scratch = ScratchFolder::Make();
  if (!scratch) return Unexpected<Error>(scratch.error());
  scratch_.emplace(std::move(*scratch));
  CliDriverOptions driver;
  driver.program = program_;
  driver.base_model = config.model;
  driver.modelfile = std::move(*modelfile);
  driver.temporary_model =
      options_.temporary_model.empty() ? OwnModelName(store.store_id) : options_.temporary_model;
  driver.scratch = scratch_->path();
  driver.num_predict = config.num_predict;
  driver.timeout = config.timeout;
  auto made = std::make_unique<CliDriver>(
      std::move(driver), CliDriverSeams{runner_, *api_, clock_, stop_, std::move(on_created)});
  cli_ = made.get();
  driver_ = std::move(made);
  return {};
}

Expected<void, Error> SessionDriver::CheckProgram(std::string_view prompt) {
  if (cli_ == nullptr || stop_.Requested()) return {};
  const auto details = cli_->CheckServerOfProgram();
  if (!details && stop_.Requested()) return {};
  if (!details) return Fail(details.error());
  ServerFacts facts;
  facts.attaches_files = details->takes_files;
  return CheckAttachesNothing(prompt, facts);
}

Expected<void, Error> SessionDriver::MakeApiDriver(const SweepConfig& config) {
  if (config.model.empty()) {
    return Fail(ExitCode::kUsage,
                "the api driver creates no model, so it cannot measure a Modelfile; name a model, "
                "or measure with --driver cli");
  }
  driver_ = std::make_unique<ApiDriver>(
      ApiDriverOptions{ModelsOf(config), config.num_predict, config.timeout, on_idle_}, *api_,
      clock_, stop_);
  return {};
}

void SessionDriver::MakeReplayDriver(std::uint64_t runs_before) {
  ServerFacts facts;
  facts.ollama_version = recorded_.identity.ollama_version;
  facts.model_digest = recorded_.identity.model_digest;
  facts.is_local = recorded_.environment.server_is_local;
  driver_ = std::make_unique<ReplayDriver>(
      *recording_, std::move(facts),
      ReplayOptions{options_.replay_noise, options_.seed, runs_before});
}

}  // namespace ollama_bench
