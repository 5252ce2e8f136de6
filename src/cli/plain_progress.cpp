#include "plain_progress.h"

#include <fmt/format.h>

#include "ollama_bench/core/text.h"
#include "print.h"

namespace ollama_bench {
namespace {

void PrintNotice(std::FILE* out, NoticeLevel level, const std::string& text) {
  Print(out, "{}{}\n", level == NoticeLevel::kWarning ? "warning: " : "", text);
  std::fflush(out);
}

}  // namespace

void PlainProgress::OnCellEnd(const CellResult& result) {
  ProgressObserver::OnCellEnd(result);
  const bool is_cell = state().IsOfTheGrid();
  std::string line = is_cell ? fmt::format("[{}/{}]", state().done, state().total)
                             : fmt::format("[{}]", VisitName(state()));
  line += fmt::format(" {}  {}", NameOf(result.cell),
                      is_cell ? DescribeResult(result) : DescribeVisit(state(), result));
  const auto left = state().TimeLeft();
  if (left && state().left > 0) line += "  ETA " + FormatDuration(*left);
  Print(out_, "{}\n", line);
  std::fflush(out_);
}

void PlainProgress::OnNotice(NoticeLevel level, const std::string& text) {
  PrintNotice(out_, level, text);
}

void QuietProgress::OnNotice(NoticeLevel level, const std::string& text) {
  if (level == NoticeLevel::kWarning) PrintNotice(out_, level, text);
}

}  // namespace ollama_bench
