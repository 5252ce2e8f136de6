#include "ollama_bench/cli/run_session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>

#include "ollama_bench/cli/json_progress.h"
#include "ollama_bench/cli/leftovers.h"
#include "ollama_bench/cli/live_progress.h"
#include "ollama_bench/cli/opened_store.h"
#include "ollama_bench/cli/plain_progress.h"
#include "ollama_bench/cli/print.h"
#include "ollama_bench/cli/run_report.h"
#include "ollama_bench/cli/scratch_folder.h"
#include "ollama_bench/cli/session_prompt.h"
#include "ollama_bench/cli/terminal.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/core/system_clock.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/cli_driver.h"
#include "ollama_bench/plan/grid_order.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/plan/plan_cells.h"
#include "ollama_bench/plan/prompt_plan.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/process/machine.h"
#include "ollama_bench/process/posix_process_runner.h"
#include "ollama_bench/store/identity_check.h"
#include "ollama_bench/sweep/sweep.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

Unexpected<Error> Fail(ExitCode code, std::string message) {
  return Unexpected<Error>(Error{code, std::move(message)});
}

Unexpected<Error> Fail(const Failure& failure) {
  return Fail(ExitCode::kEnvironment, failure.message);
}

Expected<ServerAddress, Error> FindServer(const RunOptions& options) {
  const char* variable = std::getenv("OLLAMA_HOST");
  const std::string text = !options.host.empty() ? options.host
                           : variable != nullptr ? std::string(variable)
                                                 : std::string();
  auto address = ParseServerAddress(text);
  if (!address) return Fail(ExitCode::kUsage, address.error());
  return *address;
}

Expected<std::optional<ModelfileTemplate>, Error> ReadTemplate(const SweepConfig& config) {
  if (config.modelfile.empty()) return std::optional<ModelfileTemplate>();
  std::ifstream in(config.modelfile, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto modelfile = Modelfile::Parse(bytes);
  if (!modelfile) {
    return Fail(ExitCode::kUsage,
                fmt::format("{}: {}", config.modelfile.string(), modelfile.error()));
  }
  return std::optional<ModelfileTemplate>({*modelfile, config.modelfile.parent_path()});
}

bool HasSuccess(const std::vector<CellResult>& results) {
  return std::any_of(results.begin(), results.end(), [](const CellResult& result) {
    return !result.failure && MedianPromptEvalRate(result);
  });
}

std::string ModelDescription(const SweepConfig& config) {
  return config.model.empty() ? config.modelfile.string() : config.model;
}

/// One start of `run`. The members are made in the order in which the steps need them.
class Session {
 public:
  Session(const RunOptions& options, const SweepConfig& config, const StopRequest& stop)
      : options_(options), config_(config), stop_(stop), ids_(clock_) {}

  ExitCode Run() {
    const auto code = RunSteps();
    if (!code) {
      Print(stderr, "ollama-bench: {}\n", code.error().message);
      return code.error().code;
    }
    return *code;
  }

 private:
  Expected<ExitCode, Error> RunSteps();
  Expected<void, Error> ConnectDriver(const ServerAddress& address);
  Expected<void, Error> SettleTemporaryModels();
  Expected<void, Error> SettleIdentity();
  Expected<void, Error> WriteDownPlan();
  std::unique_ptr<ProgressObserver> MakeProgress();
  Expected<SweepOutcome, Error> Measure();
  void CleanUp();
  void ForgetTemporaryModels();
  ExitCode Report(const SweepOutcome& outcome);
  [[nodiscard]] Unexpected<Error> LastChangesLost(const StoreError& reason) const;
  void Warn(const std::string& text) const;
  void WarnOfGrid() const;
  [[nodiscard]] std::string TimeNeeded() const;

  const RunOptions& options_;
  const SweepConfig& config_;
  const StopRequest& stop_;
  SystemClock clock_;
  UlidSource ids_;
  PosixFileSystem file_system_;
  std::optional<OpenedStore> opened_;
  std::optional<FileLock> server_lock_;
  std::optional<OllamaApi> api_;
  std::optional<ScratchFolder> scratch_;
  std::function<void()> on_idle_;
  std::optional<PosixProcessRunner> runner_;
  std::optional<CliDriver> driver_;
  ServerFacts facts_;
  SessionPrompt prompt_;
  Pending pending_;
};

void Session::Warn(const std::string& text) const {
  if (options_.json) {
    PrintJsonNotice(stdout, NoticeLevel::kWarning, text);
  } else {
    Print(stderr, "warning: {}\n", text);
  }
}

std::string Session::TimeNeeded() const {
  if (pending_.cells.empty()) return "none, all is done";
  const auto times = CellTimes(opened_->store.results());
  const auto one = RemainingTime(times, 1);
  const auto all = RemainingTime(times, pending_.cells.size());
  if (!one || !all) return "known after the first cell";
  return fmt::format("about {} ({} a cell so far)", FormatDuration(*all), FormatDuration(*one));
}

void Session::WarnOfGrid() const {
  // Four bytes a token is the usual guess for a text that no server has counted yet.
  const auto guess = prompt_.built_in_tokens ? *prompt_.built_in_tokens
                                             : static_cast<std::int64_t>(prompt_.text.size() / 4);
  const PromptFacts facts{opened_->store.metadata().identity.prompt_tokens.value_or(guess),
                          config_.num_predict, facts_.trained_context, true};
  for (const PlanWarning& warning : PlanWarnings(config_.grid, facts)) Warn(warning.message);
  if (config_.confirm > 0) {
    Warn(
        fmt::format("confirm: {} has no effect: this version takes no separate loads of the "
                    "leaders; leave it out",
                    config_.confirm));
  }
}

Expected<ExitCode, Error> Session::RunSteps() {
  const auto address = FindServer(options_);
  if (!address) return Unexpected<Error>(address.error());
  auto opened = OpenStore(file_system_, options_.results, clock_, ids_);
  if (!opened) return Unexpected<Error>(opened.error());
  opened_.emplace(std::move(*opened));
  auto server_lock = LockServer(fmt::format("{}:{}", address->host, address->port), clock_);
  if (!server_lock) return Unexpected<Error>(ToSessionError(server_lock.error()));
  server_lock_.emplace(std::move(*server_lock));

  if (auto step = ConnectDriver(*address); !step) return Unexpected<Error>(step.error());
  if (auto step = SettleTemporaryModels(); !step) return Unexpected<Error>(step.error());
  if (auto step = SettleIdentity(); !step) return Unexpected<Error>(step.error());
  pending_ = FindPending(PlanCells(config_.grid, config_.row_first), opened_->store.results(),
                         {config_.repetitions, options_.retry_failed, options_.limit});
  if (!options_.quiet && !options_.json) {
    PrintRunHeader(stderr, {config_, opened_->store.metadata(), pending_, address->Url(),
                            prompt_.description, TimeNeeded(), options_.results});
  }
  if (pending_.cells.empty()) {
    // Only then, because a start with nothing to do should not write.
    const bool was_killed_at_its_end = !opened_->store.metadata().temporary_models.empty();
    if (was_killed_at_its_end) ForgetTemporaryModels();
    const auto saved =
        was_killed_at_its_end ? opened_->store.Commit() : Expected<void, StoreError>();
    if (!saved) Warn(saved.error().message);
    return Report({});
  }
  WarnOfGrid();
  if (auto step = WriteDownPlan(); !step) return Unexpected<Error>(step.error());
  const auto outcome = Measure();
  CleanUp();
  if (!outcome) return Unexpected<Error>(outcome.error());
  if (const auto saved = opened_->store.Commit(); !saved) return LastChangesLost(saved.error());
  return Report(*outcome);
}

// The last attempt failed as those before it, and the program is about to end.
Unexpected<Error> Session::LastChangesLost(const StoreError& reason) const {
  const SessionError error = ToSessionError(reason);
  return Fail(error.code,
              fmt::format("{}\nthe last changes are not saved; all that was reported as measured "
                          "is in {}, and the same command goes on from there",
                          error.message, options_.results.string()));
}

Expected<void, Error> Session::ConnectDriver(const ServerAddress& address) {
  auto modelfile = ReadTemplate(config_);
  if (!modelfile) return Unexpected<Error>(modelfile.error());
  auto scratch = ScratchFolder::Make();
  if (!scratch) return Unexpected<Error>(scratch.error());
  scratch_.emplace(std::move(*scratch));
  api_.emplace(address);
  // Only the live block needs to be called while a child runs.
  const bool live = !options_.quiet && !options_.json && IsTerminal(STDERR_FILENO);
  runner_.emplace(live ? std::function<void()>([this] {
    if (on_idle_) on_idle_();
  })
                       : nullptr);
  CliDriverOptions driver;
  driver.program = options_.ollama;
  driver.base_model = config_.model;
  driver.modelfile = std::move(*modelfile);
  driver.temporary_model = !options_.temporary_model.empty()
                               ? options_.temporary_model
                               : "ollama-bench-" + opened_->store.metadata().store_id;
  driver.scratch = scratch_->path();
  driver.num_predict = config_.num_predict;
  driver.timeout = config_.timeout;
  driver_.emplace(std::move(driver), CliDriverSeams{*runner_, *api_, clock_, stop_});
  auto facts = driver_->Connect();
  if (!facts) return Fail(facts.error());
  facts_ = std::move(*facts);
  if (!facts_.other_models_loaded.empty()) {
    Warn(fmt::format("other models are loaded and take memory: {}; `ollama stop NAME` frees it",
                     fmt::join(facts_.other_models_loaded, ", ")));
  }
  return {};
}

// What an earlier start left is removed; a model of the user's is never taken for one of ours.
Expected<void, Error> Session::SettleTemporaryModels() {
  ResultsStore& store = opened_->store;
  const auto kept = RemoveLeftovers(store.metadata().temporary_models, *api_);
  if (!kept) return Fail(kept.error());
  for (const std::string& name : *kept) {
    Warn(fmt::format("'{}' was made anew by somebody else since an earlier run; it stays", name));
  }
  for (const std::string& name : driver_->TemporaryModels()) {
    const auto exists = HasModel(name, *api_);
    if (!exists) return Fail(exists.error());
    if (*exists) {
      return Fail(ExitCode::kUsage,
                  fmt::format("the server has a model '{}', which is not ours to replace; give "
                              "another name with --model-name",
                              name));
    }
  }
  return {};
}

Expected<void, Error> Session::SettleIdentity() {
  ResultsStore& store = opened_->store;
  Metadata metadata = store.metadata();
  auto prompt = ChoosePrompt(config_, metadata);
  std::vector<std::string> refusals;
  if (prompt) {
    prompt_ = std::move(*prompt);
  } else {
    refusals.push_back(prompt.error());
  }
  const std::string sha = prompt_.text.empty() ? std::string() : Sha256Hex(prompt_.text);
  const Identity present{
      ModelDescription(config_), facts_.model_digest, sha, std::nullopt, config_.num_predict, "cli",
      facts_.ollama_version};
  Environment environment = facts_.is_local ? DescribeMachine() : Environment();
  environment.server_is_local = facts_.is_local;
  if (!opened_->is_new) {
    const IdentityCheck check =
        CheckIdentity(metadata.identity, metadata.environment, present, environment);
    refusals.insert(refusals.end(), check.refusals.begin(), check.refusals.end());
    for (const std::string& line : check.warnings) Warn(line);
    if (!check.unverified.empty() && metadata.identity == Identity()) {
      Warn(fmt::format("{} does not say with what it was made; its results are taken as they are",
                       options_.results.string()));
    }
  }
  if (!refusals.empty() && (!options_.force_mixed || !prompt)) {
    return Fail(
        ExitCode::kStore,
        fmt::format("{} was made under other conditions:\n  {}\ngive another --results FILE, "
                    "or mix them knowingly with --force-mixed",
                    options_.results.string(), fmt::join(refusals, "\n  ")));
  }
  metadata.mixed = metadata.mixed || !refusals.empty();
  metadata.identity = AdoptUnknown(metadata.identity, present);
  if (metadata.environment == Environment()) metadata.environment = environment;
  store.SetMetadata(std::move(metadata));
  return {};
}

// Names of models that are about to be created must be on disk before they exist.
Expected<void, Error> Session::WriteDownPlan() {
  ResultsStore& store = opened_->store;
  Metadata metadata = store.metadata();
  metadata.total_tests = static_cast<std::int64_t>(config_.grid.CellCount());
  metadata.num_ctx_range = DescribeAxis(config_.grid.num_ctx);
  metadata.num_batch_range = DescribeAxis(config_.grid.num_batch);
  metadata.temporary_models.clear();
  for (const std::string& name : driver_->TemporaryModels()) {
    metadata.temporary_models.push_back({name, {}});
  }
  store.SetMetadata(std::move(metadata));
  const auto saved = store.Commit();
  if (!saved) return Unexpected<Error>(ToSessionError(saved.error()));
  return {};
}

std::unique_ptr<ProgressObserver> Session::MakeProgress() {
  ProgressState state;
  state.total = config_.grid.CellCount();
  state.done = pending_.done + pending_.failed;
  state.left = pending_.cells.size();
  for (const CellResult& result : opened_->store.results()) state.ConsiderBest(result);
  if (options_.json) return std::make_unique<JsonProgress>(state, clock_, stdout);
  if (options_.quiet) return std::make_unique<QuietProgress>(state, clock_, stderr);
  if (!IsTerminal(STDERR_FILENO)) return std::make_unique<PlainProgress>(state, clock_, stderr);
  auto live = std::make_unique<LiveProgress>(state, clock_, stderr, UseColor(STDERR_FILENO));
  on_idle_ = [shown = live.get()] { shown->Redraw(); };
  return live;
}

Expected<SweepOutcome, Error> Session::Measure() {
  const std::unique_ptr<ProgressObserver> progress = MakeProgress();
  ResultsStore& store = opened_->store;
  StoreSaver saver(store, clock_, *progress, stop_);
  const CellRunnerSeams seams{*driver_, store, saver, clock_, *progress, ids_};
  PromptFeed feed(std::random_device{}());
  feed.SetText(prompt_.text);
  CellRunner runner({config_.repetitions, config_.num_predict, prompt_.built_in_tokens}, seams,
                    std::move(feed));
  GridOrder order(pending_.cells);
  const SweepOutcome outcome = Sweep(runner, seams, order, stop_, facts_).Run();
  on_idle_ = nullptr;
  return outcome;
}

void Session::CleanUp() {
  driver_->CleanUp();
  // As long as a name stands in the store, the next start looks for it.
  for (const std::string& name : driver_->TemporaryModels()) {
    const auto left = HasModel(name, *api_);
    if (!left || *left) return;
  }
  ForgetTemporaryModels();
}

void Session::ForgetTemporaryModels() {
  Metadata metadata = opened_->store.metadata();
  metadata.temporary_models.clear();
  opened_->store.SetMetadata(std::move(metadata));
}

ExitCode Session::Report(const SweepOutcome& outcome) {
  using Reason = SweepOutcome::Reason;
  const ResultsStore& store = opened_->store;
  if (outcome.reason == Reason::kStopRequested) {
    Print(stderr, "stopped; everything measured is in {}; the same command goes on from here\n",
          options_.results.string());
    return ExitCode::kDone;
  }
  if (options_.json) {
    PrintRunReportJson(stdout, store);
  } else {
    PrintRunReport(stdout, options_.results, store);
  }
  if (!outcome.message.empty()) Print(stderr, "ollama-bench: {}\n", outcome.message);
  switch (outcome.reason) {
    case Reason::kHopeless:
    case Reason::kServerChanged:
    case Reason::kStoreError:
      return ExitCode::kEnvironment;
    default:
      return HasSuccess(store.results()) ? ExitCode::kDone : ExitCode::kNoCell;
  }
}

}  // namespace

ExitCode RunSweep(const RunOptions& options, const SweepConfig& config, const StopRequest& stop) {
  return Session(options, config, stop).Run();
}

}  // namespace ollama_bench
