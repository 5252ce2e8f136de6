#include "command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "distribution_plot.h"
#include "load_plot.h"
#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/line_scene.h"
#include "option_values.h"
#include "scale_plot.h"
#include "store_report.h"

namespace ollama_bench {
namespace {

constexpr const char* kUsualPicture = "plot.png";

// More cannot be distinguished.
Expected<void, SessionError> CheckLineCount(const Grid& grid) {
  if (grid.down.values.size() <= kMostLines) return {};
  const std::string_view key = KeyOf(grid.down.parameter);
  return Fail(ExitCode::kUsage,
              fmt::format("{} values of {} would be as many lines, and {} can be distinguished: "
                          "choose some, such as --where {}={}",
                          grid.down.values.size(), key, kMostLines, key,
                          FormatValue(grid.down.parameter, grid.down.values.front())));
}

struct PlotOptions {
  ReportOptions report;
  LoadPlotOptions load;
  bool scale = false;  ///< over the length of the prompt

  [[nodiscard]] bool IsOfSamples() const { return !load.ecdf.empty() || !load.histogram.empty(); }
  [[nodiscard]] bool IsOfOneLevel() const { return IsOfSamples() || !load.timeline.empty(); }
};

// Lines of one metric over a setting are those of any sweep.
bool WantsLevels(const ReportOptions& options) {
  const auto across = ParameterFromKey(options.slice.across);
  return options.metric.empty() && (!across || Describe(*across).scope == Scope::kTraffic);
}

// What the pictures of load cannot do, and what the others can.
Expected<void, SessionError> CheckKind(const PlotOptions& options, const ResultsStore& store) {
  const bool is_load = WorkloadOf(store.metadata()) == WorkloadKind::kLoad;
  const LoadPlotOptions& chosen = options.load;
  if (!chosen.timeline.empty() && !is_load) {
    return Fail(ExitCode::kUsage, fmt::format("{}: --timeline is of results of `load`",
                                              options.report.results.string()));
  }
  if (!chosen.ecdf.empty() && !chosen.histogram.empty() && chosen.ecdf != chosen.histogram) {
    return Fail(ExitCode::kUsage, "--ecdf and --histogram of one picture name the same samples");
  }
  if (is_load && options.IsOfOneLevel() && !options.report.metric.empty()) {
    return Fail(ExitCode::kUsage,
                "--metric has no effect on the latencies and the requests of a level of load");
  }
  const bool has_table = !options.report.csv.empty();
  if (!is_load && has_table && options.IsOfSamples()) {
    return Fail(ExitCode::kUsage, "--csv has no effect on --ecdf and --histogram");
  }
  if (is_load && has_table && (options.IsOfOneLevel() || WantsLevels(options.report))) {
    return Fail(ExitCode::kUsage,
                "--csv is a table of one metric: name it with --metric, such as --metric "
                "output_tokens_per_s; --json has all figures of each level");
  }
  return {};
}

Expected<ExitCode, SessionError> DrawLines(FileSystem& file_system, ResultsStore store,
                                           const ReportOptions& options) {
  const auto loaded = LoadReport(std::move(store), options, LinesOf);
  if (!loaded) return Unexpected<SessionError>(loaded.error());
  const StoredReport& report = loaded->report;
  if (const auto ok = CheckLineCount(report.tables.front().grid); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  const std::vector<SweepMap> maps = DescribeMaps(report);
  const auto lay_out = [&](PictureFormat /*format*/, const Font& font) {
    return LayOutLines(maps.front(), report.caption, font);
  };
  const auto files = DrawFiles(options, report, lay_out);
  if (!files) return Unexpected<SessionError>(files.error());
  PrintReport(options, report, maps, {}, DefaultColormap());
  if (const auto ok = WriteFiles(file_system, *files); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  return FindBestCell(report.tables) ? ExitCode::kDone : ExitCode::kNoCell;
}

Expected<ExitCode, SessionError> DrawSamples(FileSystem& file_system, ResultsStore store,
                                             const PlotOptions& options) {
  const LoadPlotOptions& chosen = options.load;
  const DistributionOptions samples{chosen.ecdf.empty() ? chosen.histogram : chosen.ecdf,
                                    !chosen.histogram.empty(), !chosen.ecdf.empty()};
  const std::vector<std::string> known = {kRecommendedCells, kCurrentCells, kAllCells};
  if (std::find(known.begin(), known.end(), samples.cells) == known.end()) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} {}: there are {} cells; a level is one of results of `load`",
                            samples.has_ecdf ? "--ecdf" : "--histogram",
                            Printable(samples.cells, false), fmt::join(known, ", ")));
  }
  return MakeDistributionPlot(file_system, std::move(store), options.report, samples);
}

Expected<ExitCode, SessionError> MakePlot(const PlotOptions& options) {
  PosixFileSystem file_system;
  if (const auto ok = CheckFiles(file_system, options.report); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  auto store = LoadStore(file_system, options.report);
  if (!store) return Unexpected<SessionError>(store.error());
  if (options.scale) return MakeScalePlot(file_system, *store, options.report);
  if (const auto ok = CheckKind(options, *store); !ok) return Unexpected<SessionError>(ok.error());
  const bool is_load = WorkloadOf(store->metadata()) == WorkloadKind::kLoad;
  if (is_load && (options.IsOfOneLevel() || WantsLevels(options.report))) {
    return MakeLoadPlot(file_system, *store, options.report, options.load);
  }
  if (options.IsOfSamples()) return DrawSamples(file_system, std::move(*store), options);
  return DrawLines(file_system, std::move(*store), options.report);
}

void AddSampleOptions(CLI::App& plot, LoadPlotOptions& options) {
  constexpr const char* kGroup = "Distributions, and results of load";
  constexpr const char* kSamples = "LEVEL|recommended|current|all";
  plot.add_option(
          "--ecdf", options.ecdf,
          "Share of values up to each value: of TTFT, TPOT and E2E over the requests of one "
          "level of load; else of the metric over the samples of cells")
      ->type_name(kSamples)
      ->group(kGroup);
  plot.add_option("--histogram", options.histogram,
                  "The same values by their frequency; with --ecdf both")
      ->type_name(kSamples)
      ->group(kGroup);
  CLI::Option* timeline =
      plot.add_option("--timeline", options.timeline,
                      "The requests of one window over time: of the sample with this id, or the "
                      "level's first")
          ->type_name("LEVEL|SAMPLE")
          ->group(kGroup);
  for (const char* name : {"--ecdf", "--histogram"}) {
    plot.get_option(name)->excludes(timeline)->excludes(plot.get_option("--json"));
  }
  timeline->excludes(plot.get_option("--metric"))->excludes(plot.get_option("--json"));
}

}  // namespace

void AddPlotCommand(CLI::App& app, std::function<int()>& action) {
  CLI::App* plot =
      app.add_subcommand("plot", "Draw results as lines over one parameter, and what load shows");
  const auto all = std::make_shared<PlotOptions>();
  ReportOptions* options = &all->report;
  options->pictures = {kUsualPicture};
  plot->footer(
      "Of a results file NAME.json other than benchmark_results.json it is NAME_plot.png.\n"
      "Of results of `load` it is a page of panels over the level, unless --metric or --across\n"
      "asks for lines.");
  AddReportArguments(*plot, *options);
  plot->add_option("--csv", options->csv, "Table of the values, too; - for standard output")
      ->type_name("FILE");
  AddMetricOption(*plot, *options);
  AddLineOptions(*plot, options->slice);
  AddThemeOption(*plot, *options);
  AddMaxLossOption(*plot, *options);
  AddJsonFlag(*plot, *options);
  AddSampleOptions(*plot, all->load);
  CLI::Option* scale = plot->add_flag(
      "--scale", all->scale, "Time, rates and memory over the length of the prompt, as of `scale`");
  for (const char* name :
       {"--metric", "--across", "--down", "--csv", "--ecdf", "--histogram", "--timeline"}) {
    if (CLI::Option* other = plot->get_option_no_throw(name)) scale->excludes(other);
  }
  plot->callback([all, plot, &action] {
    SetDefaultOutput(*plot, all->report, kUsualPicture, "_plot.png");
    action = [all] { return FinishCommand(MakePlot(*all)); };
  });
}

}  // namespace ollama_bench
