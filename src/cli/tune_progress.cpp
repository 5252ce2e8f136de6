#include "tune_progress.h"

#include <fmt/format.h>

#include "tune_report.h"

namespace ollama_bench {

void TuneProgress::OnCellStart(const Visit& visit, std::size_t remaining) {
  if (json_ == nullptr) shown_->OnCellStart(visit, remaining);
}

void TuneProgress::OnPhase(Phase phase, int run) {
  if (json_ == nullptr) shown_->OnPhase(phase, run);
}

void TuneProgress::OnSample(const Cell& cell, const Sample& sample) {
  if (json_ == nullptr) shown_->OnSample(cell, sample);
}

void TuneProgress::OnCellEnd(const CellResult& result) {
  const auto answer = search_.Answer();
  if (json_ != nullptr) {
    if (strategy_.last()) PrintMeasurementJson(json_, *strategy_.last(), answer);
    return;
  }
  shown_->OnCellEnd(result);
  if (!answer) return;
  shown_->OnNotice(NoticeLevel::kInfo, fmt::format("  best so far: {}, about {:.2f} tokens/s, "
                                                   "P(within 1 % of the best) = {}",
                                                   NameOf(answer->cell), answer->rate,
                                                   DescribeProbability(answer->probability)));
}

void TuneProgress::OnNotice(NoticeLevel level, const std::string& text) {
  shown_->OnNotice(level, text);
}

}  // namespace ollama_bench
