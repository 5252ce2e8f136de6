#include "ollama_bench/render/terminal_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "answer_marks.h"
#include "ollama_bench/analysis/table_statistics.h"
#include "ollama_bench/render/cell_label.h"
#include "ollama_bench/render/number_format.h"
#include "value_scale.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kRowName = "num_batch";
constexpr std::string_view kUntestedMark = "-";
constexpr std::string_view kAliasMark = "=";
constexpr std::string_view kExcludedMark = "excl.";

class TableWriter {
 public:
  TableWriter(const ResultTable& table, const std::optional<SweepAnswer>& answer,
              const TerminalStyle& style)
      : table_(table),
        style_(style),
        scale_(MakeValueScale(table, style.colormap)),
        marks_(answer) {}

  std::string Write() {
    std::string out;
    for (std::size_t first = 0; first < table_.columns();) {
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
    while (block.end < table_.columns()) {
      const std::size_t text_width = std::max(block.text_width, TextWidth(block.end));
      // One space before the text, one place behind it for a mark.
      const std::size_t width = kRowName.size() + (block.end + 1 - first) * (text_width + 2);
      if (block.end > first && width > style_.width) break;
      block.text_width = text_width;
      ++block.end;
    }
    return block;
  }

  [[nodiscard]] std::size_t TextWidth(std::size_t column) const {
    std::size_t width = std::to_string(table_.grid.num_ctx.values[column]).size();
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      width = std::max(width, TextOf(table_.At(row, column)).size());
    }
    return width;
  }

  [[nodiscard]] std::string TextOf(const CellState& state) const {
    if (const auto* measured = std::get_if<Measured>(&state)) return scale_.format(measured->value);
    if (const auto* failed = std::get_if<Failed>(&state)) return ShortLabel(failed->kind);
    if (std::holds_alternative<Excluded>(state)) return std::string(kExcludedMark);
    if (std::holds_alternative<AliasOf>(state)) return std::string(kAliasMark);
    const auto& estimate = std::get<Untested>(state).estimate;
    return estimate ? kEstimateSign + scale_.format(estimate->value) : std::string(kUntestedMark);
  }

  [[nodiscard]] std::string BlockText(const ColumnBlock& block) const {
    std::string header(kRowName);
    for (std::size_t column = block.first; column < block.end; ++column) {
      header += fmt::format(" {:>{}} ", table_.grid.num_ctx.values[column], block.text_width);
    }
    header.pop_back();
    std::string out = Bold(header, style_.color) + "\n";
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      out += fmt::format("{:>{}}", table_.grid.num_batch.values[row], kRowName.size());
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
    const CellState& state = table_.At(row, column);
    const AnswerMark mark = marks_.Of(table_.CellAt(row, column));
    const char sign = mark == AnswerMark::kRecommended ? '*'
                      : mark == AnswerMark::kBestSet   ? '+'
                                                       : ' ';
    const std::string text = fmt::format(" {:>{}}{}", TextOf(state), width, sign);
    const auto* measured = std::get_if<Measured>(&state);
    if (measured == nullptr) return Dim(text, style_.color);
    return OnBackground(text, scale_.ColorOf(measured->value), mark != AnswerMark::kNone,
                        style_.color);
  }

  [[nodiscard]] std::string Key() const {
    const TableStatistics statistics = ComputeStatistics(table_);
    std::vector<std::string> notes;
    if (marks_.HasAny()) notes.emplace_back("* recommended");
    if (marks_.HasOthers()) notes.emplace_back("+ not told apart from the best");
    if (statistics.excluded > 0) notes.push_back(fmt::format("{} not counted", kExcludedMark));
    if (statistics.aliases > 0) notes.push_back(fmt::format("{} same as another cell", kAliasMark));
    if (statistics.estimated > 0) {
      notes.push_back(fmt::format(
          "{} estimated, not measured: +/- {:.1f} % (median), {:.1f} % at most", kEstimateSign,
          100.0 * statistics.median_margin, 100.0 * statistics.largest_margin));
    }
    if (statistics.untested > statistics.estimated) {
      notes.push_back(fmt::format("{} untested", kUntestedMark));
    }
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

  const ResultTable& table_;
  const TerminalStyle& style_;
  ValueScale scale_;
  AnswerMarks marks_;
};

}  // namespace

std::string RenderTerminalTable(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                                const TerminalStyle& style) {
  return TableWriter(table, answer, style).Write();
}

}  // namespace ollama_bench
