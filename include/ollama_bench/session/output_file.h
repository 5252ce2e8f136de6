#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/export/export_format.h"
#include "ollama_bench/render/picture.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"
#include "ollama_bench/store/atomic_file.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// What a file holds, as its content shows.
enum class OutputKind {
  kPng,
  kSvg,
  kPdf,
  kHtml,      ///< a report
  kMarkdown,  ///< a report
  kCsv,
  kConfig,
  kResults,
  kPrompts,  ///< the records of `prompts`
  kPromptTable,
  kTrace,
  kTraceStatistics,
  kExportedCsv,  ///< and so on: what `export` writes
  kExportedJsonLines,
  kExportedMarkdown,
  kExportedSql,
  kExportedPrometheus,
};

OutputKind KindOf(PictureFormat format);
OutputKind KindOf(ExportFormat format);

/// A file that a command is about to write.
struct OutputTarget {
  std::filesystem::path path;
  OutputKind kind = OutputKind::kPng;
  std::string option;  ///< names another file: "--csv FILE"
  /// The results that the command reads or is going to write; they need not exist. Output of
  /// another kind never replaces one of them, merged ones replace nothing else.
  std::vector<std::filesystem::path> results;
};

/// Whether `target` may be written: a new or an empty file, or one that already holds output of the
/// same kind. What a file holds is seen by its content, so neither a link nor another spelling of a
/// path hides a results file. Names that the program keeps for locks and temporary files are
/// refused. kUsage says what is in the way and which option names another file.
Expected<void, SessionError> CheckOutput(FileSystem& file_system, const OutputTarget& target);

/// Checks once more, then writes the file whole: it is the old one or the new one, never half.
/// kUsage as CheckOutput; kEnvironment where the system refuses.
Expected<void, SessionError> WriteOutput(FileSystem& file_system, const OutputTarget& target,
                                         std::string_view bytes);

/// Output that is written in parts, as WriteOutput writes it whole. Without Finish there is none.
class StreamedOutput {
 public:
  /// Checks the target and begins. `file_system` must outlive the object.
  static Expected<StreamedOutput, SessionError> Open(FileSystem& file_system, OutputTarget target);

  /// What goes wrong is known to Finish.
  void Write(std::string_view bytes);
  Expected<void, SessionError> Finish();

 private:
  StreamedOutput(OutputTarget target, AtomicFile file)
      : target_(std::move(target)), file_(std::move(file)) {}
  void Pass();

  OutputTarget target_;
  AtomicFile file_;
  std::string buffer_;
  std::optional<IoError> failure_;
};

/// Whether `prompts` may add its records to the file at `path`: a new one, or one that holds such
/// records. kUsage says what else it holds; `option` names another file.
Expected<void, SessionError> CheckPromptLog(FileSystem& file_system,
                                            const std::filesystem::path& path,
                                            const std::string& option);

/// Whether the file at `path` holds records of `prompts`.
bool HoldsPrompts(const std::filesystem::path& path);

/// Where a command writes unless an option names a file: beside the results, `usual` for
/// benchmark_results.json, else the name of the results with `ending` in place of their own. So no
/// store's output replaces another's.
std::filesystem::path DefaultOutput(const std::filesystem::path& results, const std::string& usual,
                                    std::string_view ending);

/// `error`, which reading `path` gave; where the file holds something else than results, says what,
/// and what to name instead.
StoreError NotResults(const std::filesystem::path& path, StoreError error);

/// Whether the file that --save-config names, if it is given, may be written (see CheckOutput).
Expected<void, SessionError> CheckSavedConfig(FileSystem& file_system,
                                              const SessionOptions& options);

/// Writes `config` there, as YAML that LoadSweepConfig reads. To be called only once the run is
/// accepted.
Expected<void, SessionError> SaveConfig(FileSystem& file_system, const SessionOptions& options,
                                        const SweepConfig& config);

}  // namespace ollama_bench
