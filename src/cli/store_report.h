#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/color.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/picture.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"
#include "option_values.h"

// What the commands that report one results file and draw pictures of it have in common.
namespace ollama_bench {

struct ReportOptions {
  std::filesystem::path results = "benchmark_results.json";
  std::vector<std::filesystem::path> pictures;
  std::filesystem::path csv;  ///< empty: none; "-": stdout
  std::string metric;         ///< empty: the workload's
  SliceOptions slice;
  std::string theme = "auto";
  std::string max_loss = "5%";
  bool json = false;
};

/// Names the picture after the results where the command line names none: `usual`, or
/// NAME`ending` for NAME.json. Refuses to write two things to stdout.
void SetDefaultOutput(const CLI::App& app, ReportOptions& options, const std::string& usual,
                      std::string_view ending);

/// RESULTS, and the pictures with their default.
void AddReportArguments(CLI::App& app, ReportOptions& options);
void AddMetricOption(CLI::App& app, ReportOptions& options);
void AddThemeOption(CLI::App& app, ReportOptions& options);
void AddMaxLossOption(CLI::App& app, ReportOptions& options);
void AddJsonFlag(CLI::App& app, ReportOptions& options);

/// Whether all files may be written; to be asked before anything is printed, so that a refusal is
/// all that there is to read.
Expected<void, SessionError> CheckFiles(FileSystem& file_system, const ReportOptions& options);

/// The results of the options; an error in words where they cannot be read.
Expected<ResultsStore, SessionError> LoadStore(FileSystem& file_system,
                                               const ReportOptions& options);

/// A results file and what there is to report of it.
struct LoadedReport {
  ResultsStore store;
  Metric metric = Metric::kPromptEvalRate;
  StoredReport report;
};
Expected<LoadedReport, SessionError> LoadReport(FileSystem& file_system,
                                                const ReportOptions& options,
                                                TablesOfSlice* tables_of);
/// The same of a store that was read.
Expected<LoadedReport, SessionError> LoadReport(ResultsStore store, const ReportOptions& options,
                                                TablesOfSlice* tables_of);

/// Draws the pictures, and makes the table where one is wanted. Warns of letters that could not be
/// drawn.
using MadeFile = std::pair<OutputTarget, std::string>;
using LayOut = std::function<Scene(PictureFormat, const Font&)>;
Expected<std::vector<MadeFile>, SessionError> DrawFiles(const ReportOptions& options,
                                                        const StoredReport& report,
                                                        const LayOut& lay_out);
/// The pictures alone.
Expected<std::vector<MadeFile>, SessionError> DrawPictures(const ReportOptions& options,
                                                           const LayOut& lay_out);
void WarnOfLettersWithoutFont(const Font& font);

/// To stdout, or to stderr where the table goes there; the tables are coloured on a terminal.
void PrintReport(const ReportOptions& options, const StoredReport& report,
                 std::span<const SweepMap> maps, const std::set<Cell>& expected_to_fail,
                 const Colormap& colormap);

Expected<void, SessionError> WriteFiles(FileSystem& file_system,
                                        const std::vector<MadeFile>& files);

/// Prints the error, if that is what `code` is; returns the program's exit code.
int FinishCommand(const Expected<ExitCode, SessionError>& code);

}  // namespace ollama_bench
