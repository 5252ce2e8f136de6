#include "terminal_table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "number_format.h"
#include "support/sample_maps.h"

namespace ollama_bench {
namespace {

std::string WithoutSequences(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string WithoutTrailingSpaces(const std::string& text) {
  std::string result;
  for (std::string line : Lines(text)) {
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  return result;
}

TEST(TerminalTableTest, FitsTheWidthWhateverTheTable) {
  for (const std::size_t width : {40U, 80U, 131U}) {
    for (const auto& map : {MakeMap(47, 17, true), MakeMap(1, 1), MakeMap(40, 3)}) {
      for (const ColorDepth color : {ColorDepth::kNone, ColorDepth::k256, ColorDepth::kTrueColor}) {
        const std::string text = RenderTerminalTables(Only(map), {width, color});
        const std::vector<std::string> lines = Lines(WithoutSequences(text));
        for (const std::string& line : lines) EXPECT_LE(line.size(), width) << line;
      }
    }
  }
}

TEST(TerminalTableTest, HasTheSameLettersWithColorsAndWithout) {
  const SweepMap map = MakeMap(23, 11, true);
  const std::string plain = RenderTerminalTables(Only(map), {80, ColorDepth::kNone});
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  for (const ColorDepth color : {ColorDepth::k256, ColorDepth::kTrueColor}) {
    const std::string colored = RenderTerminalTables(Only(map), {80, color});
    EXPECT_NE(colored, plain);
    EXPECT_EQ(WithoutTrailingSpaces(WithoutSequences(colored)), plain);
  }
}

TEST(TerminalTableTest, ReadsBackAsTheMapWithItsMarks) {
  SweepMap map = MakeMap(47, 17);
  map.current = {map.CellAt(3, 40)};
  std::vector<double> values;
  for (const MapCell& cell : map.cells) values.push_back(cell.raw);
  const NumberFormat format = ChooseNumberFormat(values, map.metric);
  std::vector<int> columns;
  std::size_t read = 0;
  for (const std::string& line : Lines(RenderTerminalTables(Only(map), {80, ColorDepth::kNone}))) {
    if (line.empty() || line[0] == '*') continue;
    std::istringstream fields(line);
    std::string field;
    fields >> field;
    if (field == "num_batch") {
      columns.clear();
      for (int value = 0; fields >> value;) columns.push_back(value);
      continue;
    }
    const auto row = static_cast<std::size_t>(std::stoi(field) / 128 - 1);
    for (const int num_ctx : columns) {
      ASSERT_TRUE(fields >> field);
      const auto column = static_cast<std::size_t>(num_ctx / 2048 - 1);
      const Cell cell = map.CellAt(row, column);
      const std::string mark = map.recommended.count(cell) > 0    ? "*"
                               : map.current.count(cell) > 0      ? "@"
                               : map.At(row, column).is_contender ? "+"
                                                                  : "";
      EXPECT_EQ(field, format(map.At(row, column).raw) + mark);
      ++read;
    }
  }
  EXPECT_EQ(read, map.cells.size());
}

TEST(TerminalTableTest, ShowsEachKindOfCellByAMarkThatItExplains) {
  using Kind = MapCell::Kind;
  SweepMap map = MapOfCells(
      7, 1,
      {MeasuredCell(84), FailedCell(FailureKind::kOutOfMemory), CellOfKind(Kind::kExcluded),
       CellOfKind(Kind::kAlias), CellOfKind(Kind::kUntested), CellOfKind(Kind::kExpectedToFail),
       MeasuredCell(83.5)});
  map.current = {Cell{14336, 128}};
  EXPECT_EQ(RenderTerminalTables(Only(map), {80, ColorDepth::kNone}),
            "num_batch  2048   4096   6144   8192  10240  12288  14336\n"
            "      128  84.0*   OOM  excl.      =      -   OOM?   83.5@\n"
            "\n"
            "* recommended   @ current setting   excl. not counted   = same as another cell\n"
            "OOM? expected to run out of memory   - not measured\n");
  map.current = map.recommended;
  const std::string text = RenderTerminalTables(Only(map), {80, ColorDepth::kNone});
  EXPECT_NE(text.find("\n* recommended (the current setting)   + may be the best   "),
            std::string::npos)
      << text;
}

TEST(TerminalStyleTest, PicksThePaletteEntryOfAColorThatThePaletteHas) {
  EXPECT_EQ(NearestPaletteEntry(Rgb(0x000000)).index, 16);
  EXPECT_EQ(NearestPaletteEntry(Rgb(0xFFFFFF)).index, 231);
  EXPECT_EQ(NearestPaletteEntry(Rgb(0xFF0000)).index, 196);
  EXPECT_EQ(NearestPaletteEntry(Rgb(0x5F87AF)).index, 67);
  EXPECT_EQ(NearestPaletteEntry(Rgb(0x080808)).index, 232);
  EXPECT_EQ(NearestPaletteEntry(Rgb(0xEEEEEE)).index, 255);
}

TEST(TerminalStyleTest, WritesReadableTextOnTheColorThatIsReallyShown) {
  EXPECT_EQ(OnBackground("x", Rgb(0xFEE838), false, ColorDepth::kTrueColor),
            "\x1b[48;2;254;232;56;38;2;0;0;0mx\x1b[0m");
  EXPECT_EQ(OnBackground("x", Rgb(0x00005F), true, ColorDepth::k256),
            "\x1b[1;48;5;17;38;5;231mx\x1b[0m");
  EXPECT_EQ(OnBackground("x", Rgb(0x00005F), true, ColorDepth::kNone), "x");
  EXPECT_EQ(Bold("x", ColorDepth::kNone) + Dim("y", ColorDepth::kNone), "xy");
}

}  // namespace
}  // namespace ollama_bench
