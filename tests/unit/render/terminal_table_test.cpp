#include "ollama_bench/render/terminal_table.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "ollama_bench/render/number_format.h"
#include "support/sample_tables.h"

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
    for (const auto& table : {MakeTable(47, 17, true), MakeTable(1, 1), MakeTable(40, 3)}) {
      for (const ColorDepth color : {ColorDepth::kNone, ColorDepth::k256, ColorDepth::kTrueColor}) {
        const std::string text = RenderTerminalTable(table, AnswerOf(table), {width, color});
        const std::vector<std::string> lines = Lines(WithoutSequences(text));
        for (const std::string& line : lines) EXPECT_LE(line.size(), width) << line;
      }
    }
  }
}

TEST(TerminalTableTest, HasTheSameLettersWithColorsAndWithout) {
  const ResultTable table = MakeTable(23, 11, true);
  const std::string plain = RenderTerminalTable(table, AnswerOf(table), {80, ColorDepth::kNone});
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  for (const ColorDepth color : {ColorDepth::k256, ColorDepth::kTrueColor}) {
    const std::string colored = RenderTerminalTable(table, AnswerOf(table), {80, color});
    EXPECT_NE(colored, plain);
    EXPECT_EQ(WithoutTrailingSpaces(WithoutSequences(colored)), plain);
  }
}

TEST(TerminalTableTest, ReadsBackAsTheTable) {
  const ResultTable table = MakeTable(47, 17);
  const NumberFormat format = ChooseNumberFormat(table);
  std::vector<int> columns;
  std::size_t read = 0;
  const auto answer = AnswerOf(table);
  std::set<Cell> marked;
  for (const std::string& line :
       Lines(RenderTerminalTable(table, answer, {80, ColorDepth::kNone}))) {
    if (line.empty() || line[0] == '*') continue;
    std::istringstream fields(line);
    std::string field;
    fields >> field;
    if (field == "num_batch") {
      columns.clear();
      for (int value = 0; fields >> value;) columns.push_back(value);
      continue;
    }
    const int num_batch = std::stoi(field);
    for (const int num_ctx : columns) {
      ASSERT_TRUE(fields >> field);
      const Cell cell{num_ctx, num_batch};
      if (field.back() == '*') {
        EXPECT_EQ(answer->best.recommended.cell, cell);
      }
      if (field.back() == '*' || field.back() == '+') {
        marked.insert(cell);
        field.pop_back();
      }
      const auto row = static_cast<std::size_t>(num_batch / 128 - 1);
      const auto column = static_cast<std::size_t>(num_ctx / 2048 - 1);
      EXPECT_EQ(field, format(std::get<Measured>(table.At(row, column)).value));
      ++read;
    }
  }
  EXPECT_EQ(read, table.states.size());
  std::set<Cell> best_set;
  for (const CellEstimate& estimate : answer->best.cells) best_set.insert(estimate.cell);
  EXPECT_EQ(marked, best_set);
}

TEST(TerminalTableTest, ShowsEachStateByAMarkThatItExplains) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(5, 1), {}};
  table.states = {Measured{84, 1}, Failed{FailureKind::kOutOfMemory, ""}, Excluded{}, AliasOf{},
                  Untested{}};
  EXPECT_EQ(RenderTerminalTable(table, AnswerOf(table), {80, ColorDepth::kNone}),
            "num_batch  2048   4096   6144   8192  10240\n"
            "      128    84*   OOM  excl.      =      -\n"
            "\n"
            "* recommended   excl. not counted   = same as another cell   - untested\n");
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
