#include "ollama_bench/session/saved_config.h"

#include "ollama_bench/config/format_config.h"
#include "ollama_bench/session/output_file.h"

namespace ollama_bench {
namespace {

OutputTarget TargetOf(const SessionOptions& options) {
  return {options.save_config, OutputKind::kConfig, "--save-config FILE", {options.results}};
}

}  // namespace

Expected<void, SessionError> CheckSavedConfig(FileSystem& file_system,
                                              const SessionOptions& options) {
  if (options.save_config.empty()) return {};
  return CheckOutput(file_system, TargetOf(options));
}

Expected<void, SessionError> SaveConfig(FileSystem& file_system, const SessionOptions& options,
                                        const SweepConfig& config) {
  if (options.save_config.empty()) return {};
  return WriteOutput(file_system, TargetOf(options), FormatSweepConfig(config));
}

}  // namespace ollama_bench
