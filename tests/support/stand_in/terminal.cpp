#include "support/stand_in/terminal.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace ollama_bench::stand_in {
namespace {

constexpr std::string_view kFrameStart = "\x1b[?2026h\x1b[?25l\x1b[1G";
constexpr std::string_view kFrameEnd = "\x1b[?25h\x1b[?2026l";
constexpr std::string_view kClearToEnd = "\x1b[K";

std::string Padded(const std::string& text, std::size_t width) {
  return text + std::string(width - text.size(), ' ');
}

}  // namespace

std::string Spinner(std::chrono::nanoseconds shown) {
  static constexpr std::array<std::string_view, 10> kGlyphs = {"⠋", "⠙", "⠹", "⠸", "⠼",
                                                               "⠴", "⠦", "⠧", "⠇", "⠏"};
  // An hour of synthetic waiting need not be an hour of output.
  constexpr std::int64_t kMostFrames = 1'000;
  const std::int64_t frames =
      std::min<std::int64_t>(kMostFrames, shown / std::chrono::milliseconds(100));
  std::string text;
  for (std::int64_t i = 0; i < frames; ++i) {
    text += kFrameStart;
    text += kGlyphs[static_cast<std::size_t>(i) % kGlyphs.size()];
    text += " ";
    text += kClearToEnd;
    text += kFrameEnd;
  }
  return text;
}

std::string_view SpinnerEnd() {
  return "\x1b[?25l\x1b[?2026h\x1b[?25l\x1b[1G\x1b[K\x1b[?25h\x1b[?2026l\x1b[2K\x1b[1G\x1b[?25h";
}

std::string_view PieceMark() {
  return "\x1b[?25l\x1b[?25h";
}

std::string StatusLines(const std::vector<std::string>& lines) {
  std::string text(kFrameStart);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "\n";
    text += lines[i] + " ";
    text += kClearToEnd;
  }
  text += kFrameEnd;
  return text + "\n";
}

std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < header.size(); ++column) {
    std::size_t width = header[column].size();
    for (const auto& row : rows) width = std::max(width, row[column].size());
    widths.push_back(width);
  }
  std::string text;
  for (std::size_t column = 0; column < header.size(); ++column) {
    // The header's last column ends one blank after the width, a row's four.
    const bool last = column + 1 == header.size();
    text += Padded(header[column], widths[column] + (last ? 1 : 4));
  }
  text += "\n";
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      text += Padded(row[column], widths[column] + 4);
    }
    text += "\n";
  }
  return text;
}

std::string HumanBytes(std::int64_t bytes) {
  constexpr std::int64_t kMega = 1'000'000;
  if (bytes < 1'000 * kMega) return std::to_string(bytes / kMega) + " MB";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

}  // namespace ollama_bench::stand_in
