#include "ollama_bench/session/stored_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/eligible_cells.h"
#include "ollama_bench/core/cell_status.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/ollama/version_facts.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/session/tune_strategy.h"

namespace ollama_bench {
namespace {

// Whether no cell ever gave two different readings, though some gave several.
bool RepeatsItself(const std::vector<CellResult>& results) {
  bool is_repeated = false;
  for (const CellResult& result : results) {
    std::vector<double> rates;
    for (const Sample& sample : result.samples) {
      const auto rate = Describe(Metric::kPromptEvalRate).value(sample);
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
std::optional<SearchAnswer> SearchOf(const std::vector<CellResult>& results, const Grid& planned) {
  Search search(planned, {});
  for (const CellResult& result : results) {
    if (StatusOf(result) == CellStatus::kAlias) search.Exclude(result.cell);
  }
  TeachSearch(search, results);
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

Grid PlannedGrid(const Metadata& metadata) {
  return {ParseAxis(metadata.num_ctx_range).value_or(Axis()),
          ParseAxis(metadata.num_batch_range).value_or(Axis())};
}

SweepCaption MakeCaption(const Metadata& metadata) {
  constexpr std::size_t kLengthOfDate = 10;
  SweepCaption caption;
  caption.model = metadata.identity.model;
  caption.ollama_version = metadata.identity.ollama_version;
  caption.hardware = DescribeHardware(metadata.environment);
  caption.date = metadata.start_time.substr(0, kLengthOfDate);
  caption.prompt_tokens = metadata.identity.prompt_tokens;
  caption.replayed = metadata.replayed;
  caption.mixed = metadata.mixed;
  return caption;
}

Expected<void, SessionError> CheckMetric(Metric metric, const Identity& identity) {
  if (metric != Metric::kEvalRate || !identity.num_predict) return {};
  if (*identity.num_predict >= kFewestTokensForEvalRate) return {};
  return Fail(ExitCode::kUsage,
              fmt::format("eval_rate says nothing here: each run generated at most {} tokens "
                          "(num_predict), and a rate needs {} or more. Use another --metric, or "
                          "sweep again with --num-predict 128.",
                          *identity.num_predict, kFewestTokensForEvalRate));
}

std::optional<Cell> BaselineCell(const Metadata& metadata) {
  if (!metadata.baseline) return std::nullopt;
  const int num_ctx = metadata.baseline->num_ctx;
  // Where the release is not known, the default is that of the old ones.
  const OllamaVersion version =
      ParseOllamaVersion(metadata.identity.ollama_version).value_or(OllamaVersion());
  return Cell{num_ctx, metadata.baseline->num_batch.value_or(DefaultNumBatch(version, num_ctx))};
}

bool WasWhollyVisited(const ResultsStore& store) {
  const Metadata& metadata = store.metadata();
  const Grid planned = PlannedGrid(metadata);
  std::size_t total = planned.CellCount();
  if (metadata.total_tests > 0) {
    total = std::min(total, static_cast<std::size_t>(metadata.total_tests));
  }
  return VisitedCells(store.results(), planned) >= total;
}

Expected<StoredReport, std::string> ReportOf(const ResultsStore& store, Metric metric,
                                             AnswerOptions options) {
  const Metadata& metadata = store.metadata();
  options.current = BaselineCell(metadata);
  if (metadata.baseline) options.current_source = metadata.baseline->source;
  options.planned = PlannedGrid(metadata);
  if (metadata.total_tests > 0)
    options.total_cells = static_cast<std::size_t>(metadata.total_tests);
  options.prompt_tokens = metadata.identity.prompt_tokens;
  const auto load_time = RemainingTime(KnownCellTimes(store.results()), 1);
  if (load_time) options.load_s = load_time->count();
  const auto off_grid = OffGrid(options.current, options.planned);
  std::vector<CellResult> of_grid = store.results();
  std::erase_if(of_grid, [&](const CellResult& result) { return result.cell == off_grid; });
  auto table = BuildResultTable(of_grid, options.planned, metric);
  if (!table) return Unexpected<std::string>(table.error());
  StoredReport report;
  report.table = std::move(*table);
  // A pass that was cut short knows more cells than a search is made for.
  const bool may_be_searched = store.results().size() <= kMostSearched;
  if (metric == Metric::kPromptEvalRate && may_be_searched && !WasWhollyVisited(store)) {
    report.search = SearchOf(of_grid, options.planned);
    if (report.search) {
      options.surface = SurfaceView{report.search->cell, 1 - report.search->probability};
    }
  }
  report.answer = AnswerSweep(store.results(), metric, options);
  report.caption = MakeCaption(metadata);
  report.disturbances = FindDisturbances(store.results());
  report.caption.repeats_itself = metadata.replayed && RepeatsItself(store.results());
  return report;
}

}  // namespace ollama_bench
