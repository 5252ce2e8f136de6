#include "ollama_bench/cli/output_file.h"

#include <fmt/format.h>

#include "ollama_bench/store/atomic_file.h"

namespace ollama_bench {
namespace {

Expected<void, IoError> Write(FileSystem& file_system, const std::filesystem::path& path,
                              std::string_view bytes) {
  auto output = AtomicFile::Open(file_system, path);
  if (!output) return Unexpected<IoError>(output.error());
  if (auto done = output->Write(bytes); !done) return done;
  if (auto done = output->Flush(); !done) return Unexpected<IoError>(done.error());
  return output->Commit();
}

}  // namespace

Expected<void, SessionError> WriteOutputFile(FileSystem& file_system,
                                             const std::filesystem::path& path,
                                             std::string_view bytes) {
  const auto done = Write(file_system, path, bytes);
  if (!done) {
    return Fail(ExitCode::kEnvironment,
                fmt::format("cannot write {} ({}); name a file in a folder that can be written",
                            path.string(), done.error().message));
  }
  return {};
}

}  // namespace ollama_bench
