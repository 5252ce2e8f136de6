#include "terminal_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "cell_label.h"
#include "estimate_text.h"
#include "ollama_bench/render/number_format.h"
#include "value_scale.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kUntestedMark = "-";
constexpr std::string_view kAliasMark = "=";
constexpr std::string_view kExcludedMark = "excl.";
constexpr std::string_view kExpectedMark = "OOM?";
constexpr char kRecommendedSign = '*';
constexpr char kContenderSign = '+';
constexpr char kCurrentSign = '@';

std::string LabelOf(const Axis& axis, std::size_t place) {
  return FormatValue(axis.parameter, axis.values[place]);
}

class TableWriter {
 public:
  TableWriter(const SweepMap& map, const TerminalStyle& style)
      : map_(map), style_(style), scale_(MakeValueScale(map, style.colormap)) {
    row_width_ = KeyOf(map.grid.down.parameter).size();
    for (std::size_t row = 0; row < map.row_count(); ++row) {
      row_width_ = std::max(row_width_, LabelOf(map.grid.down, row).size());
    }
  }

  std::string Write() {
    std::string out;
    for (std::size_t first = 0; first < map_.column_count();) {
      if (first > 0) out += '\n';
      const ColumnBlock block = NextBlock(first);
      out += BlockText(block);
      first = block.end;
    }
    return out + Key();
  }

 private:
  struct ColumnBlock {
    std::size_t first = 0;
    std::size_t end = 0;
    std::size_t text_width = 1;  // of every column in it
  };

  // As many columns as fit, one at least.
  [[nodiscard]] ColumnBlock NextBlock(std::size_t first) const {
    ColumnBlock block{first, first};
    while (block.end < map_.column_count()) {
      const std::size_t text_width = std::max(block.text_width, TextWidth(block.end));
      // One space before the text, one place behind it for a mark.
      const std::size_t width = row_width_ + (block.end + 1 - first) * (text_width + 2);
      if (block.end > first && width > style_.width) break;
      block.text_width = text_width;
      ++block.end;
    }
    return block;
  }

  [[nodiscard]] std::size_t TextWidth(std::size_t column) const {
    std::size_t width = LabelOf(map_.grid.across, column).size();
    for (std::size_t row = 0; row < map_.row_count(); ++row) {
      width = std::max(width, TextOf(map_.At(row, column)).size());
    }
    return width;
  }

  [[nodiscard]] std::string TextOf(const MapCell& cell) const {
    switch (cell.kind) {
      case MapCell::Kind::kMeasured:
        return scale_.format(cell.raw);
      case MapCell::Kind::kEstimated:
        return kEstimateSign + scale_.format(cell.value);
      case MapCell::Kind::kFailed:
        return ShortLabel(cell.failure.value_or(FailureKind::kUnknown));
      case MapCell::Kind::kExpectedToFail:
        return std::string(kExpectedMark);
      case MapCell::Kind::kExcluded:
        return std::string(kExcludedMark);
      case MapCell::Kind::kAlias:
        return std::string(kAliasMark);
      case MapCell::Kind::kUntested:
        break;
    }
    return std::string(kUntestedMark);
  }

  [[nodiscard]] std::string BlockText(const ColumnBlock& block) const {
    std::string header = fmt::format("{:>{}}", KeyOf(map_.grid.down.parameter), row_width_);
    for (std::size_t column = block.first; column < block.end; ++column) {
      header += fmt::format(" {:>{}} ", LabelOf(map_.grid.across, column), block.text_width);
    }
    header.pop_back();
    std::string out = Bold(header, style_.color) + "\n";
    for (std::size_t row = 0; row < map_.row_count(); ++row) {
      out += fmt::format("{:>{}}", LabelOf(map_.grid.down, row), row_width_);
      for (std::size_t column = block.first; column < block.end; ++column) {
        out += CellText(row, column, block.text_width);
      }
      // Plain lines end with their last sign, so that they compare and copy well.
      if (style_.color == ColorDepth::kNone) out.erase(out.find_last_not_of(' ') + 1);
      out += '\n';
    }
    return out;
  }

  // Of a cell with several marks the first counts; the key names the others.
  [[nodiscard]] char SignOf(const Cell& cell, const MapCell& state) const {
    if (map_.recommended == cell) return kRecommendedSign;
    if (map_.current == cell) return kCurrentSign;
    return state.is_contender ? kContenderSign : ' ';
  }

  [[nodiscard]] std::string CellText(std::size_t row, std::size_t column, std::size_t width) const {
    const MapCell& state = map_.At(row, column);
    const char sign = SignOf(map_.CellAt(row, column), state);
    const std::string text = fmt::format(" {:>{}}{}", TextOf(state), width, sign);
    if (state.kind != MapCell::Kind::kMeasured) return Dim(text, style_.color);
    return OnBackground(text, scale_.ColorOf(state.raw), sign != ' ', style_.color);
  }

  [[nodiscard]] std::vector<std::string> MarkNotes() const {
    std::vector<std::string> notes;
    const bool is_same = map_.recommended && map_.recommended == map_.current;
    if (map_.recommended) {
      notes.push_back(fmt::format("{} recommended{}", kRecommendedSign,
                                  is_same ? " (the current setting)" : ""));
    }
    const bool has_others =
        std::any_of(map_.cells.begin(), map_.cells.end(), [this](const MapCell& cell) {
          const auto index = static_cast<std::size_t>(&cell - map_.cells.data());
          const Cell place = map_.CellAt(index / map_.column_count(), index % map_.column_count());
          return SignOf(place, cell) == kContenderSign;
        });
    if (has_others) notes.push_back(fmt::format("{} may be the best", kContenderSign));
    if (map_.current && !is_same && map_.grid.Contains(*map_.current)) {
      notes.push_back(fmt::format("{} current setting", kCurrentSign));
    }
    return notes;
  }

  [[nodiscard]] std::string Key() const {
    std::map<MapCell::Kind, std::size_t> counts;
    for (const MapCell& cell : map_.cells) ++counts[cell.kind];
    std::vector<std::string> notes = MarkNotes();
    const auto add = [&](MapCell::Kind kind, std::string_view sign, std::string_view meaning) {
      if (counts[kind] > 0) notes.push_back(fmt::format("{} {}", sign, meaning));
    };
    add(MapCell::Kind::kExcluded, kExcludedMark, "not counted");
    add(MapCell::Kind::kAlias, kAliasMark, "same as another cell");
    const std::string margins = ": " + EstimateMargins(map_);
    const std::string estimated = "estimated, not measured";
    const bool has_room = estimated.size() + margins.size() + 2 <= style_.width;
    add(MapCell::Kind::kEstimated, std::string(1, kEstimateSign),
        estimated + (has_room ? margins : ""));
    add(MapCell::Kind::kExpectedToFail, kExpectedMark, "expected to run out of memory");
    add(MapCell::Kind::kUntested, kUntestedMark, "not measured");
    std::string text;
    std::size_t column = 0;
    for (const std::string& note : notes) {
      constexpr std::size_t kDistance = 3;
      const bool starts_line = text.empty() || column + kDistance + note.size() > style_.width;
      if (starts_line) column = 0;
      text += (starts_line ? "\n" : "   ") + note;
      column += (starts_line ? 0 : kDistance) + note.size();
    }
    return text.empty() ? text : "\n" + text.substr(1) + "\n";
  }

  const SweepMap& map_;
  const TerminalStyle& style_;
  ValueScale scale_;
  std::size_t row_width_ = 0;  // of the names of the rows
};

}  // namespace

std::string RenderTerminalTable(const SweepMap& map, const TerminalStyle& style) {
  return TableWriter(map, style).Write();
}

}  // namespace ollama_bench
