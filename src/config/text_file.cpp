#include "text_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Unexpected<FileProblem> Problem(std::string message, std::string remedy) {
  return Unexpected<FileProblem>(FileProblem{std::move(message), std::move(remedy)});
}

std::string LastSystemError() {
  return std::generic_category().message(errno);
}

Unexpected<FileProblem> Unreadable(const std::string& reason) {
  return Problem(fmt::format("cannot be read ({})", reason),
                 "check the permissions of the file and of its folders");
}

std::string MissingRemedy(const fs::path& path) {
  if (path.string().find('~') != std::string::npos) {
    return "write the whole path, \"~\" is not replaced by the home folder";
  }
  return fmt::format("create it or correct the path, looked for at {}",
                     Printable(fs::absolute(path).lexically_normal().string(), false));
}

Expected<std::ifstream, FileProblem> Open(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return Problem("does not exist", MissingRemedy(path));
  }
  if (status.type() == fs::file_type::none) return Unreadable(error.message());
  if (fs::is_directory(status)) return Problem("is a folder", "name a file in it");
  if (!fs::is_regular_file(status)) {
    return Problem("is not a regular file", "copy its content to a file and name that");
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Unreadable(LastSystemError());
  return stream;
}

int LineOf(std::string_view text, std::size_t position) {
  return 1 + static_cast<int>(
                 std::count(text.begin(), text.begin() + static_cast<long>(position), '\n'));
}

}  // namespace

Expected<void, FileProblem> CheckText(std::string_view text) {
  const std::size_t valid = ValidUtf8Length(text);
  if (const std::size_t nul = text.substr(0, valid).find('\0'); nul != std::string_view::npos) {
    return Problem(fmt::format("holds a NUL byte in its line {}", LineOf(text, nul)),
                   "save it as plain text in UTF-8");
  }
  if (valid < text.size()) {
    return Problem(fmt::format("is not UTF-8 in its line {} (byte 0x{:02x})", LineOf(text, valid),
                               static_cast<unsigned char>(text[valid])),
                   "save it as plain text in UTF-8");
  }
  return {};
}

Expected<void, FileProblem> CheckFile(const fs::path& path) {
  const auto stream = Open(path);
  if (!stream) return Unexpected<FileProblem>(stream.error());
  return {};
}

Expected<std::string, FileProblem> ReadTextFile(const fs::path& path, std::size_t most_bytes) {
  auto stream = Open(path);
  if (!stream) return Unexpected<FileProblem>(stream.error());
  std::string text;
  std::string block(std::size_t{1} << 16U, '\0');
  errno = 0;
  // Reading to the end, not to a size asked for beforehand: the file may grow, and /proc says 0.
  while (text.size() <= most_bytes && *stream) {
    stream->read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block, 0, static_cast<std::size_t>(stream->gcount()));
  }
  if (stream->bad() || (!stream->eof() && !*stream)) return Unreadable(LastSystemError());
  if (text.size() > most_bytes) {
    return Problem(fmt::format("is larger than {} MiB", most_bytes >> 20U), "shorten it");
  }
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  if (auto fits = CheckText(text); !fits) return Unexpected<FileProblem>(fits.error());
  return text;
}

}  // namespace ollama_bench
