#include "ollama_bench/cli/heatmap_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/cli/opened_store.h"
#include "ollama_bench/cli/option_keys.h"
#include "ollama_bench/cli/output_file.h"
#include "ollama_bench/cli/percent_option.h"
#include "ollama_bench/cli/print.h"
#include "ollama_bench/cli/stored_sweep.h"
#include "ollama_bench/cli/terminal.h"
#include "ollama_bench/cli/tune_strategy.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/render/colormap.h"
#include "ollama_bench/render/csv.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/picture.h"
#include "ollama_bench/render/text_report.h"
#include "ollama_bench/search/search.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

struct HeatmapOptions {
  fs::path results = "benchmark_results.json";
  std::vector<fs::path> pictures = {"heatmap_highlighted.png"};
  fs::path csv = "results_table.csv";
  bool no_csv = false;
  std::string metric{Describe(Metric::kPromptEvalRate).key};
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

Expected<std::vector<OutputFileText>, SessionError> RenderFiles(const HeatmapOptions& options,
                                                                const StoredReport& report) {
  std::vector<OutputFileText> files;
  const ResultTable& table = report.table;
  if (table.states.empty()) return files;
  auto font = Font::Load();
  if (!font) return Fail(ExitCode::kEnvironment, font.error());
  const Scene scene = LayOutHeatmap(table, report.answer, report.caption,
                                    *ColormapFromKey(options.colormap), *font);
  for (const fs::path& path : options.pictures) {
    auto bytes = RenderPicture(scene, *PictureFormatFromExtension(path.extension().string()));
    if (!bytes) {
      return Fail(ExitCode::kEnvironment,
                  fmt::format("cannot draw {}: {}", path.string(), bytes.error()));
    }
    files.push_back({PictureTarget(options, path), std::move(*bytes)});
  }
  if (!options.no_csv) files.push_back({CsvTarget(options), RenderCsv(table)});
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

void PrintReport(const HeatmapOptions& options, const StoredReport& report) {
  if (options.json) {
    Print(stdout, "{}", RenderJsonReport(report.table, report.answer, report.caption));
    return;
  }
  const TerminalStyle style = StyleOf(STDOUT_FILENO, *ColormapFromKey(options.colormap));
  Print(stdout, "{}", RenderTextReport(report.table, report.answer, report.caption, style));
}

// What the search of `tune` expects of the cells that were not measured. Where a cell may well
// fail, or run in a slower regime, of which the model knows nothing, it says nothing.
void AddEstimates(ResultTable& table, const std::vector<CellResult>& results) {
  constexpr double kLikely = 0.5;
  Search search(table.grid, {});
  TeachSearch(search, results);
  std::map<Cell, SearchEstimate> estimates;
  for (const SearchEstimate& estimate : search.Estimates()) {
    estimates.emplace(estimate.cell, estimate);
  }
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns(); ++column) {
      auto* untested = std::get_if<Untested>(&table.states[row * table.columns() + column]);
      const auto found = estimates.find(table.CellAt(row, column));
      if (untested == nullptr || found == estimates.end()) continue;
      const SearchEstimate& known = found->second;
      if (known.p_feasible * known.p_fast < kLikely) continue;
      untested->estimate = {std::exp(known.log_mean), std::expm1(1.96 * known.log_sd)};
    }
  }
}

Expected<ExitCode, SessionError> MakeHeatmap(const HeatmapOptions& options) {
  PosixFileSystem file_system;
  if (const auto ok = CheckOutputs(file_system, options); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  const auto store = ResultsStore::Load(file_system, options.results);
  if (!store) return Unexpected<SessionError>(ToSessionError(store.error()));
  const Metric metric = *MetricFromKey(options.metric);
  const Metadata& metadata = store->metadata();
  if (const auto ok = CheckMetric(metric, metadata.identity); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  if (options.estimate && metric != Metric::kPromptEvalRate) {
    return Fail(ExitCode::kUsage,
                fmt::format("--estimate knows {} alone", Describe(Metric::kPromptEvalRate).key));
  }
  AnswerOptions answer_options;
  answer_options.max_loss = *ParsePercent(options.max_loss);  // checked with the command line
  answer_options.detrend = options.detrend;
  auto report = ReportOf(*store, metric, answer_options);
  if (!report) {
    return Fail(ExitCode::kStore, fmt::format("{}: {}", options.results.string(), report.error()));
  }
  if (options.estimate) AddEstimates(report->table, store->results());
  PrintReport(options, *report);
  const auto files = RenderFiles(options, *report);
  if (!files) return Unexpected<SessionError>(files.error());
  if (const auto ok = WriteFiles(file_system, *files); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  return FindBestCell(report->table) ? ExitCode::kDone : ExitCode::kNoCell;
}

int RunHeatmap(const HeatmapOptions& options) {
  const auto code = MakeHeatmap(options);
  if (code) return static_cast<int>(*code);
  Print(stderr, "ollama-bench: {}\n", code.error().message);
  return static_cast<int>(code.error().code);
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
  heatmap->add_option("--metric", options->metric, "What is drawn")
      ->check(CLI::IsMember(KeysOf(AllMetrics())))
      ->capture_default_str();
  heatmap->add_option("--colormap", options->colormap, "Colours of the values")
      ->check(CLI::IsMember(KeysOf(AllColormaps())))
      ->capture_default_str();
  heatmap
      ->add_option("--max-loss", options->max_loss,
                   "What the largest safe context may lose against the fastest cell")
      ->type_name("PERCENT")
      ->check(CheckPercent)
      ->capture_default_str();
  heatmap->add_flag("--detrend", options->detrend,
                    "Take out a drift that 4 or more control samples show, where they agree on its "
                    "direction");
  heatmap->add_flag("--estimate", options->estimate,
                    "Show what `tune` expects of the cells that were not measured");
  heatmap->add_flag("--json", options->json, "Report for programs instead of people");
  heatmap->callback([options, &action] { action = [options] { return RunHeatmap(*options); }; });
}

}  // namespace ollama_bench
