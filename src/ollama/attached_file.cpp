#include "ollama_bench/ollama/attached_file.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "ollama_bench/core/text.h"
#include "ollama_bench/core/unique_fd.h"

namespace ollama_bench {
namespace {

constexpr std::array<std::string_view, 5> kExtensions = {".jpg", ".jpeg", ".png", ".webp", ".wav"};
// What the client takes a backslash in front of for an escape.
constexpr std::string_view kEscaped = " ()[]{}$&;'\\*?~";

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Length of a picture's or a sound's extension at the start of `text`, a word's end behind it; 0
// where there is none.
std::size_t ExtensionLength(std::string_view text) {
  if (!text.starts_with('.')) return 0;
  for (const std::string_view extension : kExtensions) {
    if (Lower(text.substr(0, extension.size())) != extension) continue;
    if (text.size() > extension.size() && IsWordCharacter(text[extension.size()])) continue;
    return extension.size();
  }
  return 0;
}

// Length of the "./", "/" or "\" that a path begins with; 0 where none begins here.
std::size_t BeginningLength(std::string_view text) {
  if (text.starts_with("./")) return 2;
  return text.starts_with('/') || text.starts_with('\\') ? 1 : 0;
}

// "C:" in front of a path.
std::size_t DriveLength(std::string_view text) {
  const bool is_drive = text.size() > 2 && text[1] == ':' && text[0] != '_' &&
                        IsWordCharacter(text[0]) && !(text[0] >= '0' && text[0] <= '9');
  return is_drive && BeginningLength(text.substr(2)) > 0 ? 2 : 0;
}

std::string WithoutEscapes(std::string_view path) {
  std::string plain;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool escapes = path[i] == '\\' && i + 1 < path.size() &&
                         kEscaped.find(path[i + 1]) != std::string_view::npos;
    plain += path[escapes ? ++i : i];
  }
  return plain;
}

// What is there but cannot be opened ends the client's run as well.
bool IsOpened(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return file.valid() || errno != ENOENT;
}

}  // namespace

std::optional<std::string> FindAttachedFile(std::string_view prompt) {
  std::size_t searched = 0;  // up to here no extension can end a path
  std::size_t stop = 0;      // the end of the line
  for (std::size_t at = 0; at < prompt.size();) {
    const std::size_t drive = DriveLength(prompt.substr(at));
    const std::size_t beginning = BeginningLength(prompt.substr(at + drive));
    if (beginning == 0) {
      ++at;
      continue;
    }
    // At least one character, none of them a line end or a tab, then the first extension.
    const std::size_t first = at + drive + beginning;
    std::size_t end = std::max(first + 1, searched);
    if (stop < first) stop = std::min(prompt.find_first_of("\t\n\f\r", first), prompt.size());
    while (end < stop && ExtensionLength(prompt.substr(end)) == 0) ++end;
    if (end >= stop) {
      searched = std::max(searched, stop);
      ++at;
      continue;
    }
    searched = end;
    const std::size_t length = end + ExtensionLength(prompt.substr(end)) - at;
    std::string path = WithoutEscapes(prompt.substr(at, length));
    if (IsOpened(path)) return path;
    at += length;
  }
  return std::nullopt;
}

}  // namespace ollama_bench
