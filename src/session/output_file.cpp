#include "ollama_bench/session/output_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <system_error>

#include "ollama_bench/config/sweep_config.h"
#include "output_content.h"

namespace ollama_bench {
namespace {

// What tells a record of `prompts` from other JSON.
constexpr std::size_t kShortestRecord = 8;

namespace fs = std::filesystem;

Unexpected<SessionError> Refuse(const OutputTarget& target, std::string_view reason) {
  return Fail(ExitCode::kUsage, fmt::format("{} {} and is not overwritten; name another file: {}",
                                            target.path.string(), reason, target.option));
}

// A file that does not exist yet is the same as itself under another spelling of its path, too.
bool IsSameFile(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::equivalent(a, b, error)) return true;
  const fs::path whole_a = fs::weakly_canonical(fs::absolute(a), error);
  if (error) return false;
  const fs::path whole_b = fs::weakly_canonical(fs::absolute(b), error);
  return !error && whole_a == whole_b;
}

bool IsKeptName(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".lock") || name.ends_with(".ollama-bench-tmp");
}

// Empty where the file cannot be read.
std::optional<std::string> ReadStart(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(kRecognisedBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Expected<void, SessionError> CheckName(FileSystem& file_system, const OutputTarget& target) {
  const fs::path end = file_system.ResolveLinks(target.path).value_or(target.path);
  if (!IsKeptName(target.path) && !IsKeptName(end)) return {};
  return Fail(ExitCode::kUsage,
              fmt::format("{}: names that end in .lock or .ollama-bench-tmp are kept for the "
                          "program's own files; name another file: {}",
                          target.path.string(), target.option));
}

Unexpected<SessionError> CannotWrite(const fs::path& path, const IoError& error) {
  return Fail(ExitCode::kEnvironment,
              fmt::format("cannot write {} ({}); name a file in a folder that can be written",
                          path.string(), error.message));
}

Expected<void, SessionError> CheckContent(const OutputTarget& target) {
  const auto text = ReadStart(target.path);
  if (!text) return Refuse(target, "exists, cannot be read");
  if (text->empty()) return {};
  const auto kind = RecogniseOutput(*text);
  if (kind == target.kind) return {};
  if (kind) return Refuse(target, fmt::format("holds {}", NameOf(*kind)));
  return Refuse(target, fmt::format("exists, is not {}", NameOf(target.kind)));
}

Expected<void, IoError> Write(FileSystem& file_system, const fs::path& path,
                              std::string_view bytes) {
  auto output = AtomicFile::Open(file_system, path);
  if (!output) return Unexpected<IoError>(output.error());
  if (auto done = output->Write(bytes); !done) return done;
  if (auto done = output->Flush(); !done) return Unexpected<IoError>(done.error());
  return output->Commit();
}

}  // namespace

OutputKind KindOf(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return OutputKind::kPng;
    case PictureFormat::kSvg:
      return OutputKind::kSvg;
    case PictureFormat::kPdf:
      return OutputKind::kPdf;
  }
  return OutputKind::kPng;
}

OutputKind KindOf(ExportFormat format) {
  switch (format) {
    case ExportFormat::kCsv:
      return OutputKind::kExportedCsv;
    case ExportFormat::kJsonLines:
      return OutputKind::kExportedJsonLines;
    case ExportFormat::kMarkdown:
      return OutputKind::kExportedMarkdown;
    case ExportFormat::kSql:
      return OutputKind::kExportedSql;
    case ExportFormat::kPrometheus:
      break;
  }
  return OutputKind::kExportedPrometheus;
}

Expected<void, SessionError> CheckOutput(FileSystem& file_system, const OutputTarget& target) {
  if (auto fits = CheckName(file_system, target); !fits) return fits;
  const bool is_own =
      std::any_of(target.results.begin(), target.results.end(),
                  [&target](const fs::path& own) { return IsSameFile(target.path, own); });
  const bool is_results =
      target.kind == OutputKind::kResults || target.kind == OutputKind::kPrompts;
  if (is_own)
    return is_results ? Expected<void, SessionError>() : Refuse(target, "is the results file");
  std::error_code error;
  const fs::file_status status = fs::status(target.path, error);
  if (is_results && fs::exists(fs::symlink_status(target.path, error))) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} exists and is not among the files to merge; name it among them to "
                            "keep what it holds, or give another {}",
                            target.path.string(), target.option));
  }
  // What is no regular file is left to the attempt to write, which refuses it.
  return fs::is_regular_file(status) ? CheckContent(target) : Expected<void, SessionError>();
}

Expected<void, SessionError> WriteOutput(FileSystem& file_system, const OutputTarget& target,
                                         std::string_view bytes) {
  if (auto fits = CheckOutput(file_system, target); !fits) return fits;
  const auto done = Write(file_system, target.path, bytes);
  if (!done) return CannotWrite(target.path, done.error());
  return {};
}

Expected<StreamedOutput, SessionError> StreamedOutput::Open(FileSystem& file_system,
                                                            OutputTarget target) {
  if (auto fits = CheckOutput(file_system, target); !fits) {
    return Unexpected<SessionError>(fits.error());
  }
  auto file = AtomicFile::Open(file_system, target.path);
  if (!file) return CannotWrite(target.path, file.error());
  return StreamedOutput(std::move(target), std::move(*file));
}

void StreamedOutput::Write(std::string_view bytes) {
  constexpr std::size_t kPart = 65536;
  buffer_ += bytes;
  if (buffer_.size() >= kPart) Pass();
}

void StreamedOutput::Pass() {
  if (failure_) return;
  if (auto written = file_.Write(buffer_); !written) failure_ = written.error();
  buffer_.clear();
}

Expected<void, SessionError> StreamedOutput::Finish() {
  Pass();
  if (failure_) return CannotWrite(target_.path, *failure_);
  if (const auto flushed = file_.Flush(); !flushed) {
    return CannotWrite(target_.path, flushed.error());
  }
  if (const auto done = file_.Commit(); !done) return CannotWrite(target_.path, done.error());
  return {};
}

Expected<void, SessionError> CheckPromptLog(FileSystem& file_system, const fs::path& path,
                                            const std::string& option) {
  const OutputTarget target{path, OutputKind::kPrompts, option, {}};
  if (auto fits = CheckName(file_system, target); !fits) return fits;
  std::error_code error;
  // What is no regular file is left to the attempt to read, which refuses it.
  return fs::is_regular_file(path, error) ? CheckContent(target) : Expected<void, SessionError>();
}

bool HoldsPrompts(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  const auto text = ReadStart(path);
  // The few bytes that a crash leaves of a first line could be of any JSON file.
  const bool is_long_enough = text && text->size() > kShortestRecord;
  return is_long_enough && RecogniseOutput(*text) == OutputKind::kPrompts;
}

fs::path DefaultOutput(const fs::path& results, const std::string& usual, std::string_view ending) {
  const bool is_usual = results.filename() == SessionOptions().results;
  return results.parent_path() / (is_usual ? usual : results.stem().string() + std::string(ending));
}

StoreError NotResults(const fs::path& path, StoreError error) {
  std::error_code ignored;
  const std::string wanted =
      fmt::format("name the results file, such as {}", SessionOptions().results.string());
  if (fs::is_directory(path, ignored)) {
    error.message = fmt::format("{} is a folder; {}", path.string(), wanted);
    return error;
  }
  const auto text =
      error.kind == StoreError::Kind::kDamaged ? ReadStart(path) : std::optional<std::string>();
  if (!text) return error;
  const auto kind = RecogniseOutput(*text);
  const std::size_t start = text->find_first_not_of("\xEF\xBB\xBF \t\r\n");
  if (kind && *kind != OutputKind::kResults) {
    error.message = fmt::format("{} holds {}; {}", path.string(), NameOf(*kind), wanted);
  } else if (start != std::string::npos && (*text)[start] != '{') {
    error.message = fmt::format("{} holds no results of a sweep; {}", path.string(), wanted);
  }
  return error;
}

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
