#include "ollama_bench/session/sweep_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/plan/plan_cells.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/search/block_race.h"
#include "ollama_bench/search/search.h"
#include "ollama_bench/session/baseline.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/session_driver.h"
#include "ollama_bench/session/session_identity.h"
#include "ollama_bench/session/sweep_rules.h"
#include "ollama_bench/session/tune_strategy.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Error = SessionError;

// Of a sample as the store writes it, and of the most that `repetitions: auto` takes.
constexpr std::int64_t kBytesOfSample = 600;
constexpr std::int64_t kUsualRepetitions = 3;

// Of a request of a window: without its tokens, and of each.
constexpr std::int64_t kBytesOfRequest = 250;
constexpr std::int64_t kBytesOfToken = 18;

/// Collects the parts of a plan, as far as they can be had.
class Planner {
 public:
  Planner(const RunOptions& options, const SweepConfig& config, Clock& clock,
          const StopRequest& stop)
      : options_(options), driver_(options.session.driver, file_system_, clock, stop, nullptr) {
    plan_.config = config;
  }

  Expected<SweepPlan, Error> Make() {
    if (auto step = ReadResults(); !step) return Unexpected<Error>(step.error());
    if (auto step = AskServer(); !step) return Unexpected<Error>(step.error());
    CompareWithResults();
    std::vector<Cell> cells = PlanCells(plan_.config.space, plan_.config.row_first);
    if (driver_.recording() != nullptr) cells = driver_.recording()->Select(cells);
    plan_.prompt_tokens = ExpectedPromptTokens(plan_.prompt, plan_.metadata);
    if (IsLoad()) {
      CountWindows(cells);
    } else {
      LeaveOutAliases(cells);
      plan_.pending = FindPending(cells, plan_.measured, PendingRulesOf(options_, plan_.config));
      CountVisits();
      CountMeasurements();
    }
    plan_.place = driver_.place();
    WarnOfGrid();
    MeasureDisk();
    return std::move(plan_);
  }

 private:
  [[nodiscard]] bool IsLoad() const { return plan_.config.workload == WorkloadKind::kLoad; }

  void CountWindows(const std::vector<Cell>& levels) {
    plan_.pending = FindPending(levels, plan_.measured,
                                {WindowsOfLevel(plan_.config), options_.retry_failed, {}, false});
    plan_.load = NeedOf(options_, plan_.config, levels, plan_.measured);
    plan_.visits = plan_.load.windows;
  }

  void LeaveOutAliases(std::vector<Cell>& cells) {
    if (!facts_ || options_.measure_aliases || driver_.recording() != nullptr) return;
    const std::vector<Alias> aliases = AliasesOf(cells, *facts_);
    for (const Alias& alias : aliases) std::erase(cells, alias.cell);
    for (std::string& line : DescribeLeftOut(aliases)) plan_.warnings.push_back(std::move(line));
  }

  Expected<void, Error> ReadResults() {
    const auto store = ResultsStore::Load(file_system_, options_.session.results);
    if (store) {
      plan_.metadata = store->metadata();
      plan_.measured = store->results();
      is_new_ = false;
      return {};
    }
    if (store.error().kind == StoreError::Kind::kMissing) return {};
    return Unexpected<Error>(ToSessionError(store.error()));
  }

  Expected<void, Error> AskServer() {
    const bool has_grid = plan_.config.space.CellCount() > 0;
    const bool has_model = !plan_.config.model.empty() || !plan_.config.modelfile.empty();
    auto asked = Connect();
    if (asked || !has_grid || !has_model) return asked;
    plan_.obstacle = asked.error();
    return {};
  }

  Expected<void, Error> Connect() {
    if (auto step = driver_.Open(plan_.config, plan_.metadata.identity.driver); !step) return step;
    if (!driver_.notice().empty()) plan_.warnings.push_back(driver_.notice());
    auto complete = driver_.Complete(plan_.config, GridSize::kSweep);
    if (!complete) return Unexpected<Error>(complete.error());
    plan_.config = std::move(*complete);
    for (const std::string& note : driver_.grid_notes()) plan_.warnings.push_back(note);
    HoldWhatAllShare(plan_.config, plan_.metadata, driver_.recorded());
    auto facts = driver_.Connect(plan_.config, plan_.metadata, 0, nullptr);
    if (!facts) return Unexpected<Error>(facts.error());
    facts_ = std::move(*facts);
    for (std::string& warning : ServerWarnings(*facts_)) {
      plan_.warnings.push_back(std::move(warning));
    }
    return {};
  }

  void CompareWithResults() {
    auto settled =
        facts_ ? SettleIdentity(plan_.metadata, {plan_.config, *facts_, driver_.driver().name(),
                                                 options_.session.results, is_new_,
                                                 options_.session.force_mixed, driver_.recorded()})
               : Expected<SettledIdentity, Error>();
    if (!settled) plan_.obstacle = settled.error();
    if (facts_ && settled) {
      plan_.warnings.insert(plan_.warnings.end(), settled->warnings.begin(),
                            settled->warnings.end());
      plan_.metadata = std::move(settled->metadata);
      plan_.prompt = std::move(settled->prompt);
      if (auto step = CheckAttachesNothing(plan_.prompt.text, *facts_); !step) {
        plan_.obstacle = step.error();
      }
      NoteUnverified(settled->adopts);
      return;
    }
    auto prompt = ChoosePrompt(plan_.config, plan_.metadata);
    if (!prompt) prompt = ChoosePrompt(plan_.config, Metadata());
    if (prompt) plan_.prompt = std::move(*prompt);
    if (plan_.metadata.identity.model.empty()) {
      plan_.metadata.identity.model = ModelDescription(plan_.config);
    }
  }

  void NoteUnverified(bool adopts) {
    for (CellResult& result : plan_.measured) {
      for (Sample& sample : result.samples) sample.unverified = sample.unverified || adopts;
    }
    std::string warning = UnverifiedWarning(options_.session.results, plan_.measured);
    if (!warning.empty()) plan_.warnings.push_back(std::move(warning));
  }

  void CountVisits() {
    BaselineChoice choice;
    if (options_.baseline && facts_) {
      choice =
          ChooseBaseline(driver_, plan_.config, plan_.metadata, plan_.prompt_tokens, MayLoad::kNo);
    }
    if (!choice.warning.empty()) plan_.warnings.push_back(choice.warning);
    if (options_.baseline && !facts_) choice.is_asked_later = true;
    if (choice.is_asked_later) choice.cell = Cell();  // one that represents it in the count
    StratifiedRace race(plan_.pending.cells, plan_.measured,
                        RaceOptionsOf(options_, plan_.config, plan_.pending, choice.cell));
    plan_.visits = race.IsOver() ? 0 : race.Remaining();
    if (!race.MeasuresCurrentFirst()) return;
    plan_.current = choice.Describe();
    const auto off_grid = OffGrid(choice.cell, plan_.config.space);
    if (off_grid)
      plan_.present_setting = choice.is_asked_later ? "asked at the start" : NameOf(*off_grid);
  }

  void CountMeasurements() {
    const Space& space = plan_.config.space;
    const Metric metric = Describe(plan_.config.workload).headline;
    std::size_t known = 0;
    for (const CellResult& result : plan_.measured) {
      if (!space.Contains(result.cell) || IsUnverified(result)) continue;
      known += LoadUnitsOf(result, metric).size();
      if (StatusOf(result) == CellStatus::kFailed) ++known;
    }
    const std::size_t least = LeastForCertificate(space.CellCount());
    plan_.tune.least = least - std::min(least, known);
    plan_.tune.most = kUsualTuneBudget;
    const auto time = RemainingTime(SingleRunTimes(plan_.measured), 1);
    if (time) plan_.tune.measurement_s = time->count();
  }

  void WarnOfGrid() {
    if (driver_.recording() != nullptr) return;
    plan_.grid_warnings = PlanWarnings(
        plan_.config.space, PromptFactsOf(plan_.config, plan_.metadata, plan_.prompt_tokens,
                                          facts_ ? &*facts_ : nullptr));
  }

  [[nodiscard]] std::int64_t MostTokens() const {
    std::int64_t most = plan_.config.num_predict;
    for (const int tokens : plan_.config.space.ValuesOf(Parameter::kNumPredict)) {
      most = std::max<std::int64_t>(most, tokens);
    }
    return most;
  }

  void MeasureDisk() {
    const auto repetitions = plan_.config.repetitions.value_or(kUsualRepetitions);
    const auto cells = static_cast<std::int64_t>(plan_.pending.cells.size());
    plan_.disk.results = 2 * cells * (repetitions + 1) * kBytesOfSample;
    if (IsLoad()) {
      const std::int64_t tokens = MostTokens() * kBytesOfToken;
      plan_.disk.results += plan_.load.requests.value_or(0) * (kBytesOfRequest + tokens);
    }
    std::error_code error;
    const fs::path folder = fs::absolute(options_.session.results, error).parent_path();
    const fs::space_info space = fs::space(folder, error);
    if (!error) plan_.disk.free = static_cast<std::int64_t>(space.available);
    const auto modelfile = ReadTemplate(plan_.config);
    if (!modelfile || !*modelfile) return;
    for (const fs::path& weights : (*modelfile)->weights) {
      const auto size = fs::file_size(weights, error);
      if (!error) plan_.disk.weights += static_cast<std::int64_t>(size);
    }
  }

  const RunOptions& options_;
  PosixFileSystem file_system_;
  SessionDriver driver_;
  SweepPlan plan_;
  bool is_new_ = true;
  std::optional<ServerFacts> facts_;
};

}  // namespace

LoadNeed NeedOf(const RunOptions& options, const SweepConfig& config,
                const std::vector<Cell>& levels, const std::vector<CellResult>& known) {
  const TrafficOptions& traffic = config.traffic;
  LoadNeed need;
  if (traffic.searches_capacity) {
    need.windows = static_cast<std::size_t>(WindowsOfLevel(config));
    return need;
  }
  const LevelPasses passes = LevelsOf(options, config, levels, known);
  need.windows = passes.Remaining();
  need.requests = 0;
  for (const Visit& visit : passes.visits()) {
    const Cell& cell = visit.cell;
    const bool is_open = cell.Sets(Parameter::kRequestRate);
    if (!traffic.duration) {
      *need.requests += traffic.RequestsOf(is_open ? 0 : cell[Parameter::kConcurrency]);
    } else if (is_open) {
      *need.requests += traffic.duration->count() * cell[Parameter::kRequestRate] / kDecimalUnit;
    } else {
      need.requests.reset();
      return need;
    }
  }
  return need;
}

Expected<SweepPlan, SessionError> MakeSweepPlan(const RunOptions& options,
                                                const SweepConfig& config, Clock& clock,
                                                const StopRequest& stop) {
  return Planner(options, config, clock, stop).Make();
}

}  // namespace ollama_bench
