#include "ollama_bench/session/stored_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/ollama/version_facts.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/session/tune_strategy.h"

namespace ollama_bench {
namespace {

// Whether no cell ever gave two different readings, though some gave several.
bool RepeatsItself(const std::vector<CellResult>& results, Metric metric) {
  bool is_repeated = false;
  for (const CellResult& result : results) {
    std::vector<double> rates;
    for (const Sample& sample : result.samples) {
      const auto rate = Describe(metric).value(sample);
      if (IsCounted(sample) && rate) rates.push_back(*rate);
    }
    for (const double rate : rates) {
      if (rate != rates.front()) return false;
    }
    is_repeated = is_repeated || rates.size() > 1;
  }
  return is_repeated;
}

constexpr std::size_t kMostSearched = 250;  // cells

// What the search of `tune` makes of the cells that were visited.
std::optional<SearchAnswer> SearchOf(const std::vector<CellResult>& results, const Space& planned) {
  const auto grid = SearchGridOf(planned);
  if (!grid) return std::nullopt;
  Search search(*grid, {});
  for (const CellResult& result : results) {
    if (StatusOf(result) == CellStatus::kAlias) search.Exclude(result.cell);
  }
  TeachSearch(search, results, Metric::kPromptEvalRate);
  return search.Answer();
}

// Fewer generated tokens give a rate that is mostly rounding and start-up.
constexpr int kFewestTokensForEvalRate = 32;

std::string DescribeHardware(const Environment& environment) {
  std::vector<std::pair<std::string, int>> kinds;
  for (const std::string& gpu : environment.gpus) {
    const auto known = std::find_if(kinds.begin(), kinds.end(),
                                    [&gpu](const auto& kind) { return kind.first == gpu; });
    if (known == kinds.end()) {
      kinds.emplace_back(gpu, 1);
    } else {
      ++known->second;
    }
  }
  std::vector<std::string> parts;
  for (const auto& [name, count] : kinds) {
    parts.push_back(count == 1 ? name : fmt::format("{} x {}", count, name));
  }
  return parts.empty() ? environment.cpu : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

SweepCaption MakeCaption(const Metadata& metadata) {
  constexpr std::size_t kLengthOfDate = 10;
  SweepCaption caption;
  caption.model = metadata.identity.model;
  caption.ollama_version = metadata.identity.ollama_version;
  caption.hardware = DescribeHardware(metadata.environment);
  caption.date = LocalTime(metadata.start_time).substr(0, kLengthOfDate);
  caption.prompt_tokens = metadata.identity.prompt_tokens;
  caption.replayed = metadata.replayed;
  caption.mixed = metadata.mixed;
  return caption;
}

Expected<void, SessionError> CheckMetric(Metric metric, const Metadata& metadata) {
  if (metric != Metric::kEvalRate) return {};
  std::optional<int> most = metadata.identity.num_predict;
  if (metadata.schema_version > 1) {
    most = most.value_or(Describe(WorkloadOf(metadata)).num_predict);
    const Space planned = PlannedSpace(metadata);
    for (const int tokens : planned.ValuesOf(Parameter::kNumPredict)) {
      most = std::max(*most, tokens);
    }
  }
  if (!most || *most >= kFewestTokensForEvalRate) return {};
  return Fail(ExitCode::kUsage,
              fmt::format("eval_rate says nothing here: each run generated at most {} tokens "
                          "(num_predict), and a rate needs {} or more. Use another --metric, or "
                          "sweep again with --num-predict 128.",
                          *most, kFewestTokensForEvalRate));
}

std::optional<Cell> BaselineCell(const Metadata& metadata, const Space& planned) {
  if (!metadata.baseline) return std::nullopt;
  Cell known = metadata.baseline->cell;
  // Where the release is not known, the default is that of the old ones.
  const OllamaVersion version =
      ParseOllamaVersion(metadata.identity.ollama_version).value_or(OllamaVersion());
  if (!known.Sets(Parameter::kNumBatch)) {
    known.Set(Parameter::kNumBatch, DefaultNumBatch(version, known[Parameter::kNumCtx]));
  }
  if (planned.axes.empty()) return Cell(known[Parameter::kNumCtx], known[Parameter::kNumBatch]);
  Cell cell;
  for (const Axis& axis : planned.axes) cell.Set(axis.parameter, known[axis.parameter]);
  return cell;
}

bool WasWhollyVisited(const ResultsStore& store) {
  const Metadata& metadata = store.metadata();
  const Space planned = PlannedSpace(metadata);
  std::size_t total = planned.CellCount();
  if (metadata.total_tests > 0) {
    total = std::min(total, static_cast<std::size_t>(metadata.total_tests));
  }
  return VisitedCells(store.results(), planned) >= total;
}

namespace {

/// Makes the report of one store.
class Reporter {
 public:
  Reporter(const ResultsStore& store, Metric metric, AnswerOptions options, const Slice& slice,
           TablesOfSlice* tables_of)
      : store_(store),
        metadata_(store.metadata()),
        metric_(metric),
        options_(std::move(options)),
        slice_(slice),
        tables_of_(tables_of),
        planned_(PlannedSpace(metadata_)),
        current_(BaselineCell(metadata_, planned_)) {}

  Expected<StoredReport, SessionError> Make() {
    if (metadata_.baseline) options_.current_source = metadata_.baseline->source;
    options_.prompt_tokens = metadata_.identity.prompt_tokens;
    const auto load_time = RemainingTime(KnownCellTimes(store_.results()), 1);
    if (load_time) options_.load_s = load_time->count();
    if (const auto made = MakeTables(); !made) return Unexpected<SessionError>(made.error());
    for (const Cell& stratum : ChosenStrata()) report_.answers.push_back(AnswerOf(stratum));
    report_.caption = MakeCaption(metadata_);
    report_.disturbances = FindDisturbances(store_.results());
    report_.caption.repeats_itself = metadata_.replayed && RepeatsItself(store_.results(), metric_);
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::optional<Cell> CurrentIn(const Cell& stratum) const {
    if (!current_) return std::nullopt;
    return WithStratum(*current_, stratum);
  }

  // A setting outside the planned cells is compared with, but has no place in a table.
  [[nodiscard]] std::vector<CellResult> Tabled() const {
    std::vector<CellResult> results = store_.results();
    if (!current_) return results;
    std::erase_if(results, [this](const CellResult& result) {
      const bool is_current = SettingOf(result.cell) == SettingOf(*current_);
      return is_current && OffGrid(result.cell, planned_).has_value();
    });
    return results;
  }

  Expected<void, SessionError> MakeTables() {
    const std::vector<CellResult> results = Tabled();
    auto space = UnitedSpace(results, planned_);
    if (!space) return Fail(ExitCode::kStore, space.error());
    report_.space = std::move(*space);
    const auto grids = tables_of_(report_.space, slice_);
    if (!grids) return Fail(ExitCode::kUsage, grids.error());
    for (const Grid& grid : *grids) {
      report_.tables.push_back(BuildResultTable(results, grid, metric_));
    }
    return {};
  }

  // Those of the cells that the slice shows.
  [[nodiscard]] std::vector<Cell> ChosenStrata() const {
    std::vector<Cell> strata = StrataOf(report_.space);
    std::erase_if(strata, [this](const Cell& stratum) {
      return std::any_of(slice_.where.begin(), slice_.where.end(), [&](const Axis& wanted) {
        const bool is_of_request = Describe(wanted.parameter).scope == Scope::kRequest;
        const auto& values = wanted.values;
        return is_of_request &&
               std::find(values.begin(), values.end(), stratum[wanted.parameter]) == values.end();
      });
    });
    return strata;
  }

  [[nodiscard]] StratumAnswer AnswerOf(const Cell& stratum) const {
    std::vector<CellResult> results;
    std::copy_if(store_.results().begin(), store_.results().end(), std::back_inserter(results),
                 [&](const CellResult& result) { return StratumOf(result.cell) == stratum; });
    AnswerOptions options = options_;
    options.current = CurrentIn(stratum);
    options.planned = InStratum(planned_, stratum);
    const bool is_only = StrataOf(planned_).size() == 1;
    if (is_only && metadata_.total_tests > 0) {
      options.total_cells = static_cast<std::size_t>(metadata_.total_tests);
    }
    StratumAnswer answer;
    answer.stratum = stratum;
    // A pass that was cut short knows more cells than a search is made for.
    const bool may_be_searched = store_.results().size() <= kMostSearched;
    if (metric_ == Metric::kPromptEvalRate && may_be_searched && is_only &&
        !WasWhollyVisited(store_)) {
      const auto off_grid = OffGrid(options.current, options.planned);
      std::vector<CellResult> of_grid = results;
      std::erase_if(of_grid, [&](const CellResult& result) { return result.cell == off_grid; });
      if (const auto search = SearchOf(of_grid, options.planned)) {
        options.surface = SurfaceView{search->cell, 1 - search->probability};
      }
    }
    answer.answer = AnswerSweep(results, metric_, options);
    return answer;
  }

  const ResultsStore& store_;
  const Metadata& metadata_;
  Metric metric_;
  AnswerOptions options_;
  const Slice& slice_;
  TablesOfSlice* tables_of_;
  Space planned_;
  std::optional<Cell> current_;
  StoredReport report_;
};

}  // namespace

Expected<StoredReport, SessionError> ReportOf(const ResultsStore& store, Metric metric,
                                              AnswerOptions options, const Slice& slice,
                                              TablesOfSlice* tables_of) {
  return Reporter(store, metric, std::move(options), slice, tables_of).Make();
}

namespace {

std::vector<std::string> NotesOf(std::span<const StratumAnswer> answers) {
  if (HaveNoChoice(answers)) return {};
  if (answers.size() > 1) {
    return {
        "Cells are compared with those of the same request alone; the best is the best of "
        "these."};
  }
  if (answers.empty() || !answers.front().answer) return {};
  return NoteSentences(*answers.front().answer);
}

}  // namespace

std::vector<SweepMap> DescribeMaps(const StoredReport& report,
                                   const std::set<Cell>& expected_to_fail) {
  std::vector<SweepMap> maps;
  for (const ResultTable& table : report.tables) {
    maps.push_back(MapOf(table, report.answers, expected_to_fail));
  }
  maps.front().title = AnswersSentence(report.answers);
  maps.front().notes = NotesOf(report.answers);
  return maps;
}

}  // namespace ollama_bench
