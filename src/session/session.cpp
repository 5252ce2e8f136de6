#include "ollama_bench/session/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ollama_bench/core/random.h"
#include "ollama_bench/plan/plan_cells.h"
#include "ollama_bench/plan/prompt_plan.h"
#include "ollama_bench/session/leftovers.h"
#include "ollama_bench/session/machine_watch.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/session_identity.h"
#include "ollama_bench/session/sweep_rules.h"
#include "ollama_bench/store/identity_check.h"
#include "window_sink.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

// Somebody starts the servers one after the other, each for one run: they are one sweep.
Space WithEarlierServers(Space space, const Space& earlier) {
  for (Axis& axis : space.axes) {
    if (Describe(axis.parameter).scope != Scope::kServer) continue;
    std::vector<int> values = earlier.ValuesOf(axis.parameter);
    for (const int value : axis.values) {
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
    axis.values = std::move(values);
  }
  return space;
}

std::uint64_t CountSamples(const ResultsStore& store) {
  std::uint64_t samples = 0;
  for (const CellResult& result : store.results()) samples += result.samples.size();
  return samples;
}

}  // namespace

Session::Session(const SessionOptions& options, const SweepConfig& config, const StopRequest& stop,
                 Observer& notices, std::function<void()> on_idle)
    : options_(options),
      config_(config),
      stop_(stop),
      ids_(clock_),
      notices_(notices),
      on_idle_(std::move(on_idle)),
      driver_(options.driver, file_system_, clock_, stop,
              on_idle_ ? std::function<void()>([this] {
                if (on_idle_) on_idle_();
              })
                       : nullptr) {}

void Session::Warn(const std::string& text) {
  warnings_.push_back(text);
  notices_.OnNotice(NoticeLevel::kWarning, text);
}

Expected<void, Error> Session::Begin(GridSize size) {
  if (auto step = CheckSavedConfig(file_system_, options_); !step) return step;
  auto opened = OpenStore(file_system_, options_.results, clock_, ids_);
  if (!opened) return Unexpected<Error>(opened.error());
  opened_.emplace(std::move(*opened));
  if (auto step = driver_.Open(config_, store().metadata().identity.driver); !step) return step;
  if (auto step = driver_.LockServer(); !step) return step;
  if (!driver_.notice().empty()) Warn(driver_.notice());
  auto complete = driver_.Complete(std::move(config_), size);
  if (!complete) return Unexpected<Error>(complete.error());
  config_ = std::move(*complete);
  for (const std::string& note : driver_.grid_notes()) Warn(note);
  HoldWhatAllShare(config_, store().metadata(), driver_.recorded());
  auto facts = driver_.Connect(
      config_, store().metadata(), CountSamples(store()),
      [this](const std::string& model, const std::string& digest) { NoteDigest(model, digest); });
  if (!facts) return Unexpected<Error>(facts.error());
  facts_ = std::move(*facts);
  for (const std::string& warning : ServerWarnings(facts_)) Warn(warning);
  if (auto step = SettleTemporaryModels(); !step) return step;
  return CheckStoreFits();
}

// What an earlier start left is removed; a model of the user's is never taken for one of ours.
Expected<void, Error> Session::SettleTemporaryModels() {
  if (driver_.api() == nullptr) return {};
  const Metadata& metadata = store().metadata();
  const auto cleared = ClearModels(metadata.temporary_models, metadata.store_id, *driver_.api());
  if (!cleared.left.empty()) return Fail(ExitCode::kEnvironment, cleared.reason);
  for (const TemporaryModel& model : cleared.kept) Warn(DescribeKept(model.name));
  return CheckNamesAreFree(driver_.driver().TemporaryModels(), *driver_.api());
}

Expected<void, Error> Session::CheckStoreFits() {
  auto settled = SettleIdentity(store().metadata(),
                                {config_, facts_, driver_.driver().name(), options_.results,
                                 opened_->is_new, options_.force_mixed, driver_.recorded()});
  if (!settled) return Unexpected<Error>(settled.error());
  for (const std::string& line : settled->warnings) Warn(line);
  prompt_ = std::move(settled->prompt);
  if (auto step = CheckAttachesNothing(prompt_.text, facts_); !step) return step;
  host_ = std::move(settled->host);
  if (settled->adopts) opened_->store.MarkUnverified();
  const std::string unverified = UnverifiedWarning(options_.results, opened_->store.results());
  if (!unverified.empty()) Warn(unverified);
  SettleMixed(settled->metadata, opened_->store.results());
  opened_->store.SetMetadata(std::move(settled->metadata));
  return {};
}

std::vector<Cell> Session::PlannedCells() const {
  std::vector<Cell> cells = PlanCells(config_.space, config_.row_first);
  return driver_.recording() != nullptr ? driver_.recording()->Select(cells) : cells;
}

// A server that somebody else starts has the settings that it has.
bool Session::CanMeasure(const Cell& cell) const {
  if (driver_.recording() != nullptr || driver_.CanVaryServer()) return true;
  const auto parameters = AllParameters();
  return std::all_of(parameters.begin(), parameters.end(), [&](const ParameterInfo& info) {
    const std::vector<int>& values = config_.space.ValuesOf(info.parameter);
    const int present = values.empty() ? kAutoValue : values.front();
    return info.scope != Scope::kServer || cell[info.parameter] == present;
  });
}

BaselineChoice Session::SettleBaseline() {
  Metadata metadata = store().metadata();
  BaselineChoice choice = ChooseBaseline(driver_, config_, metadata,
                                         ExpectedPromptTokens(prompt_, metadata), MayLoad::kYes);
  if (choice.found) {
    metadata.baseline = choice.found;
    opened_->store.SetMetadata(std::move(metadata));
  }
  if (choice.cell && !CanMeasure(*choice.cell)) {
    choice.cell.reset();
    choice.warning =
        "the current setting is of another server than the one that runs, and is not "
        "measured by this start";
  }
  if (!choice.warning.empty()) Warn(choice.warning);
  return choice;
}

void Session::SettleAliases(std::vector<Cell>& cells, bool measure) {
  if (driver_.recording() != nullptr) return;
  ResultsStore& results = opened_->store;
  std::vector<Alias> left_out;
  for (const Alias& alias : AliasesOf(cells, facts_)) {
    const CellResult* known = results.Find(alias.cell);
    const bool is_noted = known != nullptr && known->alias_of.has_value();
    if (measure) {
      if (is_noted) results.Remove(alias.cell);
      continue;
    }
    if (known != nullptr && !is_noted) continue;
    if (!is_noted) results.SetAlias(alias.cell, alias.of, alias.reason);
    std::erase(cells, alias.cell);
    left_out.push_back(alias);
  }
  for (const std::string& line : DescribeLeftOut(left_out)) Warn(line);
}

CellRunnerOptions Session::RunnerOptions() {
  return {config_.repetitions,
          config_.workload,
          config_.traffic,
          config_.num_predict,
          prompt_.built_in_tokens,
          driver_.recording() == nullptr,
          options_.ignore_disturbance,
          {ids_.Next(), FormatTimestamp(clock_.WallTime()), host_.empty() ? driver_.place() : host_,
           options_.labels}};
}

bool Session::IsOnThisMachine() const {
  return driver_.recording() == nullptr && facts_.is_local;
}

void Session::WaitUntilQuiet(Observer& observer) {
  if (!options_.wait_quiet) return;
  if (!IsOnThisMachine()) {
    return Warn("--wait-quiet: the server is not on this machine, so there is nothing to wait for");
  }
  IdleLoad load(getpid());
  ollama_bench::WaitUntilQuiet(load, *ParseQuietLimit(*options_.wait_quiet), clock_, stop_,
                               observer);
}

void Session::WarnOfMachine() {
  if (!IsOnThisMachine()) return;
  for (const std::string& line : machine_.Begin(stop_)) Warn(line);
  const auto settings = store().metadata().environment.server_settings;
  const auto parallel = settings.find("OLLAMA_NUM_PARALLEL");
  const bool takes_more =
      parallel != settings.end() && parallel->second != "1" && parallel->second != "0";
  if (takes_more && config_.workload != WorkloadKind::kLoad) {
    Warn(
        fmt::format("the server runs with OLLAMA_NUM_PARALLEL={}, which takes that many times the "
                    "memory for the context; set it to 1 to measure",
                    parallel->second));
  }
}

void Session::WarnOfGrid() {
  if (driver_.recording() != nullptr) return;
  const PromptFacts facts = PromptFactsOf(
      config_, store().metadata(), ExpectedPromptTokens(prompt_, store().metadata()), &facts_);
  for (const PlanWarning& warning : PlanWarnings(config_.space, facts)) Warn(warning.message);
}

// Names of models that are about to be created must be on disk before they exist.
Expected<void, Error> Session::WriteDownPlan() {
  Metadata metadata = store().metadata();
  const bool is_by_hand = driver_.recording() == nullptr && !driver_.CanVaryServer();
  const Space planned =
      is_by_hand ? WithEarlierServers(config_.space, PlannedSpace(metadata)) : config_.space;
  const bool has_earlier = planned != config_.space;
  SetPlan(metadata, planned, config_.workload,
          has_earlier ? planned.CellCount() : PlannedCells().size());
  metadata.warnings = warnings_;
  metadata.temporary_models.clear();
  for (const std::string& name : driver_.driver().TemporaryModels()) {
    metadata.temporary_models.push_back({name, {}});
  }
  opened_->store.SetMetadata(std::move(metadata));
  const auto saved = opened_->store.Commit();
  if (!saved) return Unexpected<Error>(ToSessionError(saved.error()));
  return {};
}

// The first model is made here, whose name had to be on disk. A refused start leaves the disk as it
// was.
Expected<void, Error> Session::CheckProgram() {
  auto checked = driver_.CheckProgram(prompt_.text);
  if (checked) return {};
  CleanUp();
  if (opened_->is_new && store().metadata().temporary_models.empty()) {
    [[maybe_unused]] const auto removed = file_system_.Remove(options_.results);
  } else if (const auto saved = opened_->store.Commit(); !saved) {
    Warn(saved.error().message);
  }
  return checked;
}

// At once, so that a later start knows the model for ours. A name of the store's own says so by
// itself. What cannot be saved now is saved with the next sample.
void Session::NoteDigest(const std::string& model, const std::string& digest) {
  Metadata metadata = store().metadata();
  if (IsOwnModelName(model, metadata.store_id)) return;
  for (TemporaryModel& noted : metadata.temporary_models) {
    if (noted.name == model) noted.digest = digest;
  }
  opened_->store.SetMetadata(std::move(metadata));
  [[maybe_unused]] const auto saved = opened_->store.Commit();
}

Expected<SweepOutcome, Error> Session::Measure(Strategy& strategy,
                                               std::unique_ptr<Observer> progress,
                                               CellRunnerOptions options) {
  WaitUntilQuiet(*progress);
  WarnOfMachine();
  WarnOfGrid();
  if (IsOnThisMachine()) {
    probe_.emplace(facts_.port, getpid(), !options_.ignore_disturbance);
    if (!probe_->Gap().empty()) progress->OnNotice(NoticeLevel::kInfo, probe_->Gap());
  }
  if (IsOnThisMachine()) watch_.emplace(facts_.port);
  if (auto step = WriteDownPlan(); !step) return Unexpected<Error>(step.error());
  if (auto step = CheckProgram(); !step) return Unexpected<Error>(step.error());
  if (auto step = SaveConfig(file_system_, options_, config_); !step) {
    return Unexpected<Error>(step.error());
  }
  ResultsStore& results = opened_->store;
  StoreSaver saver(results, clock_, *progress, stop_);
  WindowSink requests(file_system_, options_.results);
  const CellRunnerSeams seams{driver_.driver(),
                              results,
                              saver,
                              clock_,
                              *progress,
                              ids_,
                              probe_ ? &*probe_ : nullptr,
                              watch_ ? &*watch_ : nullptr,
                              &requests};
  PromptFeed feed(SystemRandom()());
  feed.SetText(prompt_.text);
  CellRunner runner(options, seams, std::move(feed));
  const SweepOutcome outcome = Sweep(runner, seams, strategy, stop_, facts_).Run();
  on_idle_ = nullptr;
  progress.reset();
  if (IsOnThisMachine()) {
    for (const std::string& line : machine_.End()) Warn(line);
  }
  CleanUp();
  Metadata metadata = results.metadata();
  metadata.warnings = warnings_;
  SettleMixed(metadata, results.results());
  results.SetMetadata(std::move(metadata));
  if (const auto saved = results.Commit(); !saved) return LastChangesLost(saved.error());
  return outcome;
}

// The last attempt failed as those before it, and the program is about to end.
Unexpected<Error> Session::LastChangesLost(const StoreError& reason) const {
  const SessionError error = ToSessionError(reason);
  return Fail(error.code,
              fmt::format("{}\nthe last changes are not saved; all that was reported as measured "
                          "is in {}, and the same command resumes from there",
                          error.message, options_.results.string()));
}

void Session::CleanUp() {
  const auto unloaded = driver_.driver().CleanUp();
  if (driver_.api() == nullptr) return;
  const Metadata& metadata = store().metadata();
  ClearedModels cleared = ClearModels(metadata.temporary_models, metadata.store_id, *driver_.api());
  for (const TemporaryModel& model : cleared.kept) Warn(DescribeKept(model.name));
  if (!cleared.left.empty()) {
    std::vector<std::string> names;
    for (const TemporaryModel& model : cleared.left) names.push_back(model.name);
    Warn(
        fmt::format("the server may still have {}, made for this sweep ({}); the next start with "
                    "{} removes it, "
                    "or by hand: ollama rm {}",
                    fmt::join(names, " and "), cleared.reason, options_.results.string(),
                    fmt::join(names, " ")));
  } else if (!unloaded) {
    const std::vector<std::string> names = driver_.driver().TemporaryModels();
    const std::string& loaded = names.empty() ? config_.model : names.front();
    Warn(fmt::format(
        "{} may stay in the server's memory for half an hour ({}); by hand: ollama stop {}", loaded,
        unloaded.error().message, loaded));
  }
  // As long as a name is in the store, the next start and `doctor` look for it.
  std::vector<TemporaryModel> noted = std::move(cleared.left);
  noted.insert(noted.end(), cleared.kept.begin(), cleared.kept.end());
  NoteTemporaryModels(std::move(noted));
}

void Session::NoteTemporaryModels(std::vector<TemporaryModel> models) {
  Metadata metadata = store().metadata();
  metadata.temporary_models = std::move(models);
  opened_->store.SetMetadata(std::move(metadata));
}

Expected<void, Error> Session::MeasureNothing() {
  if (!store().metadata().temporary_models.empty()) {
    NoteTemporaryModels({});
    if (const auto saved = opened_->store.Commit(); !saved) Warn(saved.error().message);
  }
  return SaveConfig(file_system_, options_, config_);
}

ExitCode ExitCodeOf(const SweepOutcome& outcome, bool any_success) {
  using Reason = SweepOutcome::Reason;
  switch (outcome.reason) {
    case Reason::kHopeless:
    case Reason::kServerChanged:
    case Reason::kStoreError:
      return ExitCode::kEnvironment;
    case Reason::kStopRequested:
      return ExitCode::kDone;
    case Reason::kDone:
      break;
  }
  return any_success ? ExitCode::kDone : ExitCode::kNoCell;
}

}  // namespace ollama_bench
