#pragma once

#include <optional>
#include <set>

#include "ollama_bench/analysis/sweep_answer.h"

namespace ollama_bench {

/// What the answer says of one cell.
enum class AnswerMark { kNone, kBestSet, kRecommended };

/// Which cells of a table are marked. Without an answer none is.
class AnswerMarks {
 public:
  explicit AnswerMarks(const std::optional<SweepAnswer>& answer) {
    if (!answer) return;
    recommended_ = answer->best.recommended.cell;
    for (const CellEstimate& estimate : answer->best.cells) best_set_.insert(estimate.cell);
  }

  [[nodiscard]] AnswerMark Of(const Cell& cell) const {
    if (recommended_ == cell) return AnswerMark::kRecommended;
    return best_set_.count(cell) != 0 ? AnswerMark::kBestSet : AnswerMark::kNone;
  }
  [[nodiscard]] bool HasAny() const { return recommended_.has_value(); }
  /// Whether there is more in the best set than the recommended cell.
  [[nodiscard]] bool HasOthers() const { return best_set_.size() > 1; }

 private:
  std::optional<Cell> recommended_;
  std::set<Cell> best_set_;
};

}  // namespace ollama_bench
