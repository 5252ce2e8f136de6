#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/render/chrome_trace.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/prompt_session.h"

namespace ollama_bench {

/// Whether all files that `prompts` writes may be written, and none is another one.
Expected<void, SessionError> CheckPromptOutputs(FileSystem& file_system,
                                                const PromptsOptions& options);

/// Makes the summary of a pass, and the files that are wanted beside its records.
class PromptOutputs {
 public:
  /// All must outlive the object. `planned`: requests of the pass.
  PromptOutputs(FileSystem& file_system, const PromptsOptions& options,
                const PromptCaption& caption, std::size_t planned);

  Expected<void, SessionError> Begin();
  void Add(const PromptRecord& record);
  /// Writes the files.
  Expected<PromptSummary, SessionError> Finish();
  [[nodiscard]] const std::vector<std::filesystem::path>& written() const { return written_; }

 private:
  Expected<void, SessionError> WriteTrace();
  Expected<void, SessionError> WriteHistogram(const PromptSummary& summary);

  FileSystem& file_system_;
  const PromptsOptions& options_;
  const PromptCaption& caption_;
  PromptSummarizer summarizer_;
  std::optional<StreamedOutput> table_;
  ChromeTrace trace_;
  std::vector<std::filesystem::path> written_;
};

}  // namespace ollama_bench
