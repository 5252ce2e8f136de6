#include "command_line.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/render/color.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "ollama_bench/search/search.h"
#include "ollama_bench/session/tune_strategy.h"
#include "option_values.h"
#include "store_report.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

constexpr const char* kUsualPicture = "heatmap_highlighted.png";
constexpr const char* kUsualTable = "results_table.csv";
constexpr const char* kLossKey = "loss";
constexpr const char* kValueKey = "value";

struct HeatmapOptions {
  ReportOptions report;
  bool no_csv = false;
  bool no_picture = false;
  std::string numbers = "auto";
  std::string color{kLossKey};
  bool is_color_chosen = false;
  std::string colormap{DefaultColormap().key};
  bool detrend = false;
  bool estimate = false;
};

// Where no cell competes with another, none loses anything.
CellColoring ColoringOf(const HeatmapOptions& options, const StoredReport& report) {
  const bool has_losses = options.is_color_chosen || !HaveNoChoice(report.answers);
  return options.color == kLossKey && has_losses ? CellColoring::kLoss : CellColoring::kValue;
}

HeatmapStyle StyleFor(const HeatmapOptions& options, const StoredReport& report,
                      PictureFormat format, std::size_t columns) {
  return {ColoringOf(options, report), *ColormapFromKey(options.colormap),
          ShowsNumbers(*NumberModeFromKey(options.numbers), format, columns)};
}

// What the search of `tune` expects of the cells that were not measured. Where a cell may well run
// in a slower regime, of which the model knows nothing, it says nothing. Returns the cells that
// are expected to fail.
std::set<Cell> AddEstimates(ResultTable& table, const std::vector<CellResult>& results) {
  constexpr double kLikely = 0.5;
  Search search(table.grid, {});
  TeachSearch(search, results);
  std::map<Cell, SearchEstimate> estimates;
  for (const SearchEstimate& estimate : search.Estimates()) {
    estimates.emplace(estimate.cell, estimate);
  }
  std::set<Cell> expected_to_fail;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns(); ++column) {
      auto* untested = std::get_if<Untested>(&table.states[row * table.columns() + column]);
      const auto found = estimates.find(table.CellAt(row, column));
      if (untested == nullptr || found == estimates.end()) continue;
      const SearchEstimate& known = found->second;
      if (known.p_feasible < kLikely) {
        expected_to_fail.insert(known.cell);
      } else if (known.p_feasible * known.p_fast >= kLikely) {
        untested->estimate = {std::exp(known.log_mean), std::expm1(1.96 * known.log_sd)};
      }
    }
  }
  return expected_to_fail;
}

// Adds what `--estimate` shows; returns the cells that are expected to fail.
Expected<std::set<Cell>, SessionError> EstimatesFor(LoadedReport& loaded) {
  if (loaded.metric != Metric::kPromptEvalRate) {
    return Fail(ExitCode::kUsage,
                fmt::format("--estimate knows {} alone", Describe(Metric::kPromptEvalRate).key));
  }
  if (!SearchGridOf(loaded.report.space)) {
    return Fail(ExitCode::kUsage, "--estimate knows at most two swept parameters");
  }
  return AddEstimates(loaded.report.tables.front(), loaded.store.results());
}

Expected<ExitCode, SessionError> MakeHeatmap(const HeatmapOptions& options) {
  PosixFileSystem file_system;
  if (const auto ok = CheckFiles(file_system, options.report); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  auto loaded = LoadReport(file_system, options.report, GridsOf);
  if (!loaded) return Unexpected<SessionError>(loaded.error());
  std::set<Cell> expected_to_fail;
  if (options.estimate) {
    auto estimated = EstimatesFor(*loaded);
    if (!estimated) return Unexpected<SessionError>(estimated.error());
    expected_to_fail = std::move(*estimated);
  }
  if (options.detrend)
    Print(stderr, "note: drift is always part of the model; --detrend does nothing\n");
  const StoredReport& report = loaded->report;
  const std::vector<SweepMap> maps = DescribeMaps(report, expected_to_fail);
  const auto lay_out = [&](PictureFormat format, const Font& font) {
    const HeatmapStyle style = StyleFor(options, report, format, maps.front().column_count());
    return LayOutHeatmap(maps, report.caption, style, font);
  };
  const auto files = DrawFiles(options.report, report, lay_out);
  if (!files) return Unexpected<SessionError>(files.error());
  PrintReport(options.report, report, maps, expected_to_fail, *ColormapFromKey(options.colormap));
  if (const auto ok = WriteFiles(file_system, *files); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  return FindBestCell(report.tables) ? ExitCode::kDone : ExitCode::kNoCell;
}

// A palette is of plain values.
void CheckPalette(const CLI::App& heatmap, HeatmapOptions& options) {
  options.is_color_chosen = heatmap.count("--color") + heatmap.count("--colormap") > 0;
  if (heatmap.count("--colormap") == 0) return;
  if (heatmap.count("--color") > 0 && options.color != kValueKey) {
    throw CLI::ValidationError("--colormap", "needs --color value");
  }
  options.color = kValueKey;
}

void NameOutput(const CLI::App& heatmap, HeatmapOptions& options) {
  ReportOptions& report = options.report;
  SetDefaultOutput(heatmap, report, kUsualPicture, "_heatmap.png");
  if (heatmap.count("--csv") == 0) {
    report.csv = DefaultOutput(report.results, kUsualTable, "_table.csv");
  }
  if (options.no_csv) report.csv.clear();
  if (options.no_picture) report.pictures.clear();
}

void AddLookOptions(CLI::App& heatmap, const std::shared_ptr<HeatmapOptions>& options) {
  heatmap
      .add_option("--color", options->color,
                  "Significant losses in fixed steps, or the classic map of plain values")
      ->check(CLI::IsMember(std::vector<std::string>{kLossKey, kValueKey}))
      ->capture_default_str();
  heatmap.add_option("--colormap", options->colormap, "Palette of --color value, which it implies")
      ->check(CLI::IsMember(KeysOf(AllColormaps())))
      ->capture_default_str();
  heatmap
      .add_option("--numbers", options->numbers,
                  "Numbers in the cells; auto: up to 50 columns, in an SVG up to 20")
      ->check(CLI::IsMember(std::vector<std::string>{"auto", "all", "none"}))
      ->capture_default_str();
  AddThemeOption(heatmap, options->report);
}

}  // namespace

void AddHeatmapCommand(CLI::App& app, std::function<int()>& action) {
  CLI::App* heatmap =
      app.add_subcommand("heatmap", "Draw a sweep's results and name the best cell");
  heatmap->footer(
      "The files are written beside the results. Of a results file NAME.json other than\n"
      "benchmark_results.json they are NAME_heatmap.png and NAME_table.csv.");
  const auto options = std::make_shared<HeatmapOptions>();
  options->report.pictures = {kUsualPicture};
  options->report.csv = kUsualTable;
  AddReportArguments(*heatmap, options->report);
  CLI::Option* csv =
      heatmap
          ->add_option("--csv", options->report.csv, "Table of the values; - for standard output")
          ->type_name("FILE")
          ->capture_default_str();
  heatmap->add_flag("--no-csv", options->no_csv, "Write no table")->excludes(csv);
  CLI::Option* no_picture =
      heatmap->add_flag("--no-picture", options->no_picture, "Write no picture");
  AddMetricOption(*heatmap, options->report);
  AddTableOptions(*heatmap, options->report.slice);
  AddLookOptions(*heatmap, options);
  AddMaxLossOption(*heatmap, options->report);
  for (const char* name : {"--output", "--numbers", "--color", "--theme"}) {
    no_picture->excludes(heatmap->get_option(name));
  }
  heatmap->add_flag("--detrend", options->detrend, "Accepted for old scripts: drift is modelled")
      ->group("");
  heatmap->add_flag("--estimate", options->estimate,
                    "Show what `tune` expects of the cells that were not measured");
  AddJsonFlag(*heatmap, options->report);
  heatmap->callback([options, heatmap, &action] {
    CheckPalette(*heatmap, *options);
    NameOutput(*heatmap, *options);
    action = [options] { return FinishCommand(MakeHeatmap(*options)); };
  });
}

}  // namespace ollama_bench
