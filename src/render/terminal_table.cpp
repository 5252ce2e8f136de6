#include "terminal_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "cell_label.h"
#include "color_bar.h"
#include "facets.h"
#include "number_format.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kUntestedMark = "-";
constexpr std::string_view kAliasMark = "=";
constexpr std::string_view kExcludedMark = "excl.";
constexpr std::string_view kExpectedMark = "OOM?";
constexpr char kRecommendedSign = '*';
constexpr char kContenderSign = '+';
constexpr char kCurrentSign = '@';

class TableWriter {
 public:
  TableWriter(const SweepMap& map, const ValueScale& scale, const TerminalStyle& style)
      : map_(map), style_(style), scale_(scale) {
    row_width_ = CornerLabel().size();
    for (std::size_t row = 0; row < map.row_count(); ++row) {
      row_width_ = std::max(row_width_, RowLabel(row).size());
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
    return out;
  }

  // Of a cell with several marks the first counts; the key names the others.
  [[nodiscard]] char SignOf(const Cell& cell, const MapCell& state) const {
    if (map_.recommended.count(cell) > 0) return kRecommendedSign;
    if (map_.current.count(cell) > 0) return kCurrentSign;
    return state.is_contender ? kContenderSign : ' ';
  }

 private:
  struct ColumnBlock {
    std::size_t first = 0;
    std::size_t end = 0;
    std::size_t text_width = 1;  // of every column in it
  };

  // A table of one axis has one row, which is no value of a parameter.
  [[nodiscard]] std::string CornerLabel() const {
    const Grid& grid = map_.grid;
    return std::string(KeyOf((grid.down.IsAuto() ? grid.across : grid.down).parameter));
  }

  [[nodiscard]] std::string RowLabel(std::size_t row) const {
    if (map_.grid.down.IsAuto()) return std::string(Describe(map_.metric).unit);
    return LabelOf(map_.grid.down, row);
  }

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
    std::string header = fmt::format("{:>{}}", CornerLabel(), row_width_);
    for (std::size_t column = block.first; column < block.end; ++column) {
      header += fmt::format(" {:>{}} ", LabelOf(map_.grid.across, column), block.text_width);
    }
    header.pop_back();
    std::string out = Bold(header, style_.color) + "\n";
    for (std::size_t row = 0; row < map_.row_count(); ++row) {
      out += fmt::format("{:>{}}", RowLabel(row), row_width_);
      for (std::size_t column = block.first; column < block.end; ++column) {
        out += CellText(row, column, block.text_width);
      }
      // Plain lines end with their last sign, so that they compare and copy well.
      if (style_.color == ColorDepth::kNone) out.erase(out.find_last_not_of(' ') + 1);
      out += '\n';
    }
    return out;
  }

  [[nodiscard]] std::string CellText(std::size_t row, std::size_t column, std::size_t width) const {
    const MapCell& state = map_.At(row, column);
    const char sign = SignOf(map_.CellAt(row, column), state);
    const std::string text = fmt::format(" {:>{}}{}", TextOf(state), width, sign);
    if (state.kind != MapCell::Kind::kMeasured) return Dim(text, style_.color);
    return OnBackground(text, scale_.ColorOf(state.raw), sign != ' ', style_.color);
  }

  const SweepMap& map_;
  const TerminalStyle& style_;
  const ValueScale& scale_;
  std::size_t row_width_ = 0;  // of the names of the rows
};

// What the signs of the tables mean.
class KeyWriter {
 public:
  KeyWriter(std::span<const SweepMap> maps, const ValueScale& scale, const TerminalStyle& style)
      : maps_(maps), style_(style) {
    for (const SweepMap& map : maps) {
      const TableWriter writer(map, scale, style);
      for (std::size_t i = 0; i < map.cells.size(); ++i) {
        const Cell cell = map.CellAt(i / map.column_count(), i % map.column_count());
        ++signs_[writer.SignOf(cell, map.cells[i])];
        ++kinds_[map.cells[i].kind];
        if (map.recommended.count(cell) > 0 && map.current.count(cell) > 0) are_same_ = true;
      }
    }
  }

  std::string Write() {
    AddSign(kRecommendedSign, are_same_ ? "recommended (the current setting)" : "recommended");
    AddSign(kContenderSign, "may be the best");
    AddSign(kCurrentSign, "current setting");
    AddKind(MapCell::Kind::kExcluded, kExcludedMark, "not counted");
    AddKind(MapCell::Kind::kAlias, kAliasMark, "same as another cell");
    const std::string margins = ": " + EstimateMargins(maps_);
    const std::string estimated = "estimated, not measured";
    const bool has_room = estimated.size() + margins.size() + 2 <= style_.width;
    AddKind(MapCell::Kind::kEstimated, std::string(1, kEstimateSign),
            estimated + (has_room ? margins : ""));
    AddKind(MapCell::Kind::kExpectedToFail, kExpectedMark, "expected to run out of memory");
    AddKind(MapCell::Kind::kUntested, kUntestedMark, "not measured");
    return Lines();
  }

 private:
  void AddSign(char sign, std::string_view meaning) {
    if (signs_[sign] > 0) notes_.push_back(fmt::format("{} {}", sign, meaning));
  }

  void AddKind(MapCell::Kind kind, std::string_view mark, std::string_view meaning) {
    if (kinds_[kind] > 0) notes_.push_back(fmt::format("{} {}", mark, meaning));
  }

  [[nodiscard]] std::string Lines() const {
    constexpr std::size_t kDistance = 3;
    std::string text;
    std::size_t column = 0;
    for (const std::string& note : notes_) {
      const bool starts_line = text.empty() || column + kDistance + note.size() > style_.width;
      if (starts_line) column = 0;
      text += (starts_line ? "\n" : "   ") + note;
      column += (starts_line ? 0 : kDistance) + note.size();
    }
    return text.empty() ? text : "\n" + text.substr(1) + "\n";
  }

  std::span<const SweepMap> maps_;
  const TerminalStyle& style_;
  std::map<char, std::size_t> signs_;
  std::map<MapCell::Kind, std::size_t> kinds_;
  bool are_same_ = false;
  std::vector<std::string> notes_;
};

}  // namespace

std::string RenderTerminalTables(std::span<const SweepMap> maps, const TerminalStyle& style) {
  const ValueScale scale = MakeValueScale(maps, style.colormap);
  std::vector<Grid> grids;
  for (const SweepMap& map : maps) grids.push_back(map.grid);
  const auto phrases = FacetPhrases(grids);
  std::string text;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    if (i > 0) text += '\n';
    if (!phrases[i].empty()) {
      text += Bold(fmt::format("{}", fmt::join(phrases[i], ", ")), style.color) + "\n";
    }
    text += TableWriter(maps[i], scale, style).Write();
  }
  return text + KeyWriter(maps, scale, style).Write();
}

}  // namespace ollama_bench
