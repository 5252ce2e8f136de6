#include "commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/map_of.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/render/colormap.h"
#include "ollama_bench/render/csv.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/number_format.h"
#include "ollama_bench/render/picture.h"
#include "ollama_bench/render/text_report.h"
#include "ollama_bench/search/search.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/session/tune_strategy.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"
#include "option_values.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLossKey = "loss";
constexpr const char* kValueKey = "value";

struct HeatmapOptions {
  fs::path results = "benchmark_results.json";
  std::vector<fs::path> pictures = {"heatmap_highlighted.png"};
  fs::path csv = "results_table.csv";
  bool no_csv = false;
  std::string metric;  ///< empty: the workload's
  SliceOptions slice;
  std::string numbers = "auto";
  std::string color{kLossKey};
  std::string theme = "auto";
  std::string colormap{DefaultColormap().key};
  std::string max_loss = "5%";
  bool detrend = false;
  bool estimate = false;
  bool json = false;
};

struct OutputFileText {
  OutputTarget target;
  std::string bytes;
};

OutputTarget PictureTarget(const HeatmapOptions& options, const fs::path& path) {
  const PictureFormat format = *PictureFormatFromExtension(path.extension().string());
  return {path, KindOf(format), "--output FILE", {options.results}};
}

OutputTarget CsvTarget(const HeatmapOptions& options) {
  return {options.csv, OutputKind::kCsv, "--csv FILE, or none: --no-csv", {options.results}};
}

// Before anything is printed, so that a refusal is all that there is to read.
Expected<void, SessionError> CheckOutputs(FileSystem& file_system, const HeatmapOptions& options) {
  for (const fs::path& path : options.pictures) {
    auto fits = CheckOutput(file_system, PictureTarget(options, path));
    if (!fits) return fits;
  }
  if (options.no_csv) return {};
  return CheckOutput(file_system, CsvTarget(options));
}

HeatmapStyle StyleFor(const HeatmapOptions& options, PictureFormat format, std::size_t columns) {
  return {options.color == kLossKey ? CellColoring::kLoss : CellColoring::kValue,
          *ColormapFromKey(options.colormap),
          ShowsNumbers(*NumberModeFromKey(options.numbers), format, columns)};
}

Expected<std::vector<OutputFileText>, SessionError> RenderFiles(const HeatmapOptions& options,
                                                                const StoredReport& report,
                                                                std::span<const SweepMap> maps) {
  std::vector<OutputFileText> files;
  if (maps.front().cells.empty()) return files;
  auto font = Font::Load();
  if (!font) return Fail(ExitCode::kEnvironment, font.error());
  for (const fs::path& path : options.pictures) {
    const PictureFormat format = *PictureFormatFromExtension(path.extension().string());
    const Scene scene = LayOutHeatmap(
        maps, report.caption, StyleFor(options, format, maps.front().column_count()), *font);
    auto bytes = RenderPicture(scene, format, ThemeFromKey(options.theme));
    if (!bytes) {
      return Fail(ExitCode::kEnvironment,
                  fmt::format("cannot draw {}: {}", path.string(), bytes.error()));
    }
    files.push_back({PictureTarget(options, path), std::move(*bytes)});
  }
  if (!options.no_csv) files.push_back({CsvTarget(options), RenderCsv(report.tables)});
  return files;
}

Expected<void, SessionError> WriteFiles(FileSystem& file_system,
                                        const std::vector<OutputFileText>& files) {
  for (const OutputFileText& file : files) {
    if (auto done = WriteOutput(file_system, file.target, file.bytes); !done) return done;
    Print(stderr, "wrote {}\n", file.target.path.string());
  }
  return {};
}

void PrintReport(const HeatmapOptions& options, const StoredReport& report,
                 std::span<const SweepMap> maps) {
  if (options.json) {
    Print(stdout, "{}", RenderJsonReport(report.tables, report.answers, report.caption));
    return;
  }
  const TerminalStyle style = StyleOf(STDOUT_FILENO, *ColormapFromKey(options.colormap));
  Print(stdout, "{}", RenderTextReport(report.tables, report.answers, maps, report.caption, style));
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

// Of several answers each under the request that it is for.
std::string TitleOf(std::span<const StratumAnswer> answers) {
  std::string title;
  for (const StratumAnswer& of_stratum : answers) {
    if (!title.empty()) title += ' ';
    if (answers.size() > 1) title += DescribeCell(of_stratum.stratum) + ": ";
    title += of_stratum.answer ? AnswerSentence(*of_stratum.answer) : "No cell has a value.";
  }
  return title;
}

// Title and notes are those of the whole, on the first map.
std::vector<SweepMap> DescribeMaps(const StoredReport& report,
                                   const std::set<Cell>& expected_to_fail) {
  std::vector<SweepMap> maps;
  for (const ResultTable& table : report.tables) {
    maps.push_back(MapOf(table, report.answers, expected_to_fail));
  }
  maps.front().title = TitleOf(report.answers);
  if (report.answers.size() == 1 && report.answers.front().answer) {
    maps.front().notes = NoteSentences(*report.answers.front().answer);
  }
  return maps;
}

Expected<ExitCode, SessionError> MakeHeatmap(const HeatmapOptions& options) {
  PosixFileSystem file_system;
  if (const auto ok = CheckOutputs(file_system, options); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  const auto store = ResultsStore::Load(file_system, options.results);
  if (!store) return Unexpected<SessionError>(ToSessionError(store.error()));
  const Metadata& metadata = store->metadata();
  const Metric metric = options.metric.empty() ? Describe(WorkloadOf(metadata)).headline
                                               : *MetricFromKey(options.metric);
  if (const auto ok = CheckMetric(metric, metadata); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  if (options.estimate && metric != Metric::kPromptEvalRate) {
    return Fail(ExitCode::kUsage,
                fmt::format("--estimate knows {} alone", Describe(Metric::kPromptEvalRate).key));
  }
  AnswerOptions answer_options;
  answer_options.max_loss = *ParsePercent(options.max_loss);  // checked with the command line
  if (options.detrend)
    Print(stderr, "note: drift is always part of the model; --detrend does nothing\n");
  auto report = ReportOf(*store, metric, answer_options, SliceOf(options.slice));
  if (!report) {
    return Fail(ExitCode::kStore, fmt::format("{}: {}", options.results.string(), report.error()));
  }
  std::set<Cell> expected_to_fail;
  if (options.estimate) {
    if (!SearchGridOf(report->space)) {
      return Fail(ExitCode::kUsage, "--estimate knows at most two swept parameters");
    }
    expected_to_fail = AddEstimates(report->tables.front(), store->results());
  }
  const std::vector<SweepMap> maps = DescribeMaps(*report, expected_to_fail);
  PrintReport(options, *report, maps);
  const auto files = RenderFiles(options, *report, maps);
  if (!files) return Unexpected<SessionError>(files.error());
  if (const auto ok = WriteFiles(file_system, *files); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  return FindBestCell(report->tables) ? ExitCode::kDone : ExitCode::kNoCell;
}

int RunHeatmap(const HeatmapOptions& options) {
  const auto code = MakeHeatmap(options);
  if (code) return static_cast<int>(*code);
  Print(stderr, "ollama-bench: {}\n", code.error().message);
  return static_cast<int>(code.error().code);
}

// A palette is of plain values.
void CheckPalette(const CLI::App& heatmap, HeatmapOptions& options) {
  if (heatmap.count("--colormap") == 0) return;
  if (heatmap.count("--color") > 0 && options.color != kValueKey) {
    throw CLI::ValidationError("--colormap", "needs --color value");
  }
  options.color = kValueKey;
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
  heatmap
      .add_option("--theme", options->theme,
                  "auto: an SVG follows the reader's setting, the other formats are light")
      ->check(CLI::IsMember(std::vector<std::string>{"auto", "light", "dark"}))
      ->capture_default_str();
}

}  // namespace

void AddHeatmapCommand(CLI::App& app, std::function<int()>& action) {
  CLI::App* heatmap =
      app.add_subcommand("heatmap", "Draw a sweep's results and name the best cell");
  const auto options = std::make_shared<HeatmapOptions>();
  heatmap->add_option("RESULTS", options->results, "Results of a sweep, finished or running")
      ->capture_default_str();
  heatmap->add_option("-o,--output", options->pictures, "Picture, by its ending; may be repeated")
      ->type_name("FILE.png|.svg|.pdf")
      ->allow_extra_args(false)
      ->check(CheckPictureName)
      ->capture_default_str();
  CLI::Option* csv = heatmap->add_option("--csv", options->csv, "Table of the values")
                         ->type_name("FILE")
                         ->capture_default_str();
  heatmap->add_flag("--no-csv", options->no_csv, "Write no table")->excludes(csv);
  heatmap->add_option("--metric", options->metric, "What is drawn [the workload's]")
      ->check(CLI::IsMember(KeysOf(AllMetrics())));
  AddSliceOptions(*heatmap, options->slice);
  AddLookOptions(*heatmap, options);
  heatmap
      ->add_option("--max-loss", options->max_loss,
                   "What the largest safe context may lose against the fastest cell")
      ->type_name("PERCENT")
      ->check(CheckPercent)
      ->capture_default_str();
  heatmap->add_flag("--detrend", options->detrend, "Accepted for old scripts: drift is modelled")
      ->group("");
  heatmap->add_flag("--estimate", options->estimate,
                    "Show what `tune` expects of the cells that were not measured");
  heatmap->add_flag("--json", options->json, "Report for programs instead of people");
  heatmap->callback([options, heatmap, &action] {
    CheckPalette(*heatmap, *options);
    action = [options] { return RunHeatmap(*options); };
  });
}

}  // namespace ollama_bench
