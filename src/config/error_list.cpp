#include "error_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kMostErrors = 100;
constexpr std::size_t kLongestShown = 60;

}  // namespace

std::string FormatConfigError(const ConfigError& error) {
  std::string text;
  if (!error.file.empty()) text = Printable(error.file.string(), false) + ":";
  if (error.line > 0) text += fmt::format("{}:", error.line);
  if (error.column > 0) text += fmt::format("{}:", error.column);
  if (!error.field.empty()) text += fmt::format("{}{}:", text.empty() ? "" : " ", error.field);
  return fmt::format("{}{}{}; {}", text, text.empty() ? "" : " ", error.message, error.remedy);
}

std::string Name(const Place& place) {
  if (place.line == 0) return place.field;
  return fmt::format("{} in line {}", place.field, place.line);
}

std::string Shown(std::string_view text) {
  // Escaping can only make it longer, so the rest of a huge value need not be looked at.
  std::string shown = Printable(text.substr(0, 4 * kLongestShown), false);
  if (shown.size() <= kLongestShown) return shown;
  std::size_t end = kLongestShown;
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0U) == 0x80U) --end;
  return shown.substr(0, end) + "\xE2\x80\xA6";
}

void ErrorList::Add(const Place& place, std::string_view value, std::string message,
                    std::string remedy) {
  Append({.file = place.file,
          .line = place.line,
          .column = 0,
          .field = place.field,
          .value = Shown(value),
          .message = std::move(message),
          .remedy = std::move(remedy)});
}

void ErrorList::AddSyntax(const std::filesystem::path& file, int line, int column,
                          std::string message, std::string remedy) {
  Append({.file = file,
          .line = line,
          .column = column,
          .field = {},
          .value = {},
          .message = std::move(message),
          .remedy = std::move(remedy)});
}

std::vector<ConfigError> ErrorList::Take() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const ConfigError& a, const ConfigError& b) {
    return (a.line == 0 ? INT_MAX : a.line) < (b.line == 0 ? INT_MAX : b.line);
  });
  return std::move(errors_);
}

void ErrorList::Append(ConfigError error) {
  if (errors_.size() >= kMostErrors) return;
  errors_.push_back(std::move(error));
  if (errors_.size() < kMostErrors - 1) return;
  // The last entry says that there is more.
  errors_.push_back({.file = errors_.back().file,
                     .line = 0,
                     .column = 0,
                     .field = {},
                     .value = {},
                     .message = "there may be more errors than these",
                     .remedy = "correct them and try again"});
}

}  // namespace ollama_bench
