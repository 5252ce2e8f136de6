#include "distribution_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>
#include <utility>

#include "ollama_bench/analysis/load_distributions.h"
#include "ollama_bench/analysis/slice.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/distribution_scene.h"

namespace ollama_bench {
namespace {

using Error = Unexpected<SessionError>;

// More columns make no page.
constexpr std::size_t kMostColumns = 4;

std::set<Cell> NamedCells(const StoredReport& report, const std::string& name) {
  std::set<Cell> cells;
  for (const StratumAnswer& of_stratum : report.answers) {
    if (!of_stratum.answer) continue;
    const SweepAnswer& answer = *of_stratum.answer;
    const auto& place = name == kRecommendedCells ? answer.recommended : answer.current;
    if (place) cells.insert(answer.cells[*place].cell);
  }
  return cells;
}

// Those with samples, in their order.
std::vector<CellResult> ChosenResults(const LoadedReport& loaded, const ReportOptions& options,
                                      const std::string& name) {
  const Slice slice = SliceOf(options.slice);
  const std::set<Cell> named =
      name == kAllCells ? std::set<Cell>() : NamedCells(loaded.report, name);
  std::vector<CellResult> results;
  std::copy_if(loaded.store.results().begin(), loaded.store.results().end(),
               std::back_inserter(results), [&](const CellResult& result) {
                 const bool is_named = name == kAllCells || named.contains(result.cell);
                 return is_named && IsChosen(result.cell, slice) && HasCountedSample(result);
               });
  std::sort(results.begin(), results.end(),
            [](const CellResult& a, const CellResult& b) { return a.cell < b.cell; });
  return results;
}

}  // namespace

std::vector<std::string> DetailsOf(const SweepCaption& caption) {
  std::vector<std::string> details;
  for (const std::string& part :
       {std::string(caption.replayed ? "REPLAYED" : ""), caption.model,
        caption.ollama_version.empty() ? "" : "Ollama " + caption.ollama_version, caption.hardware,
        caption.date}) {
    if (!part.empty()) details.push_back(Printable(part, false));
  }
  return details;
}

Expected<ExitCode, SessionError> MakeDistributionPlot(FileSystem& file_system, ResultsStore store,
                                                      const ReportOptions& options,
                                                      const DistributionOptions& chosen) {
  const auto loaded = LoadReport(std::move(store), options, AllGridsOf);
  if (!loaded) return Error(loaded.error());
  std::vector<Distribution> figures;
  DistributionCaption caption;
  const std::vector<CellResult> results = ChosenResults(*loaded, options, chosen.cells);
  for (const CellResult& result : results) {
    auto figure = DistributionOf(result, loaded->metric);
    if (!figure) continue;
    figures.push_back(std::move(*figure));
    caption.names.push_back(DescribeCell(result.cell));
  }
  if (figures.empty()) {
    return Fail(ExitCode::kNoCell, fmt::format("{}: there is no sample of such a cell to draw",
                                               options.results.string()));
  }
  if (figures.size() > kMostColumns) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} cells would be as many columns, and {} fit on a page: choose some "
                            "with --where, or name {} or {} cells",
                            figures.size(), kMostColumns, kRecommendedCells, kCurrentCells));
  }
  const MetricInfo& metric = Describe(loaded->metric);
  caption.title =
      fmt::format("{} over the samples of {}", metric.label,
                  chosen.cells == kAllCells ? "cells" : "the " + chosen.cells + " cell");
  caption.title.front() =
      static_cast<char>(std::toupper(static_cast<unsigned char>(caption.title.front())));
  caption.details = DetailsOf(loaded->report.caption);
  caption.noun = loaded->metric == Metric::kLoad ? "loads" : "samples";
  caption.has_histogram = chosen.has_histogram;
  caption.has_ecdf = chosen.has_ecdf;
  const auto files = DrawPictures(options, [&](PictureFormat /*format*/, const Font& font) {
    return LayOutDistributions(figures, caption, font);
  });
  if (!files) return Error(files.error());
  if (const auto ok = WriteFiles(file_system, *files); !ok) return Error(ok.error());
  return ExitCode::kDone;
}

}  // namespace ollama_bench
