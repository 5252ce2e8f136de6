#include "command_line.h"

#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/render/line_scene.h"
#include "option_values.h"
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

Expected<ExitCode, SessionError> MakePlot(const ReportOptions& options) {
  PosixFileSystem file_system;
  if (const auto ok = CheckFiles(file_system, options); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  const auto loaded = LoadReport(file_system, options, LinesOf);
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

}  // namespace

void AddPlotCommand(CLI::App& app, std::function<int()>& action) {
  CLI::App* plot = app.add_subcommand("plot", "Draw a sweep's results as lines over one parameter");
  const auto options = std::make_shared<ReportOptions>();
  options->pictures = {kUsualPicture};
  plot->footer(
      "Of a results file NAME.json other than benchmark_results.json it is NAME_plot.png.");
  AddReportArguments(*plot, *options);
  plot->add_option("--csv", options->csv, "Table of the values, too; - for standard output")
      ->type_name("FILE");
  AddMetricOption(*plot, *options);
  AddLineOptions(*plot, options->slice);
  AddThemeOption(*plot, *options);
  AddMaxLossOption(*plot, *options);
  AddJsonFlag(*plot, *options);
  plot->callback([options, plot, &action] {
    SetDefaultOutput(*plot, *options, kUsualPicture, "_plot.png");
    action = [options] { return FinishCommand(MakePlot(*options)); };
  });
}

}  // namespace ollama_bench
