#include "command_line.h"

#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "load_plot.h"
#include "ollama_bench/analysis/best_cell.h"
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

  [[nodiscard]] bool IsOfOneLevel() const { return !load.ecdf.empty() || !load.timeline.empty(); }
};

// Lines of one metric over a setting are those of any sweep.
bool WantsLevels(const ReportOptions& options) {
  const auto across = ParameterFromKey(options.slice.across);
  return options.metric.empty() && (!across || Describe(*across).scope == Scope::kTraffic);
}

// What the pictures of load cannot do, and what the others can.
Expected<void, SessionError> CheckKind(const PlotOptions& options, const ResultsStore& store) {
  const bool is_load = WorkloadOf(store.metadata()) == WorkloadKind::kLoad;
  if (options.IsOfOneLevel() && !is_load) {
    return Fail(ExitCode::kUsage, fmt::format("{}: --ecdf and --timeline are of results of `load`",
                                              options.report.results.string()));
  }
  const bool has_table = !options.report.csv.empty();
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
  return DrawLines(file_system, std::move(*store), options.report);
}

void AddLoadPlotOptions(CLI::App& plot, LoadPlotOptions& options) {
  constexpr const char* kGroup = "Of results of load";
  CLI::Option* ecdf =
      plot.add_option("--ecdf", options.ecdf,
                      "Distributions of TTFT, TPOT and E2E over the requests of one level")
          ->type_name("LEVEL")
          ->group(kGroup);
  CLI::Option* timeline =
      plot.add_option("--timeline", options.timeline,
                      "The requests of one window over time: of the sample with this id, or the "
                      "level's first")
          ->type_name("LEVEL|SAMPLE")
          ->group(kGroup)
          ->excludes(ecdf);
  for (const char* name : {"--metric", "--json"}) {
    ecdf->excludes(plot.get_option(name));
    timeline->excludes(plot.get_option(name));
  }
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
  AddLoadPlotOptions(*plot, all->load);
  CLI::Option* scale = plot->add_flag(
      "--scale", all->scale, "Time, rates and memory over the length of the prompt, as of `scale`");
  for (const char* name : {"--metric", "--across", "--down", "--csv", "--ecdf", "--timeline"}) {
    if (CLI::Option* other = plot->get_option_no_throw(name)) scale->excludes(other);
  }
  plot->callback([all, plot, &action] {
    SetDefaultOutput(*plot, all->report, kUsualPicture, "_plot.png");
    action = [all] { return FinishCommand(MakePlot(*all)); };
  });
}

}  // namespace ollama_bench
