#include "ollama_bench/analysis/stratum_answer.h"

#include <algorithm>

#include "ollama_bench/core/stratum.h"

namespace ollama_bench {

const SweepAnswer* AnswerFor(std::span<const StratumAnswer> answers, const Cell& cell) {
  const Cell request = StratumOf(cell);
  const auto found =
      std::find_if(answers.begin(), answers.end(),
                   [&request](const StratumAnswer& answer) { return answer.stratum == request; });
  return found != answers.end() && found->answer ? &*found->answer : nullptr;
}

bool HaveNoChoice(std::span<const StratumAnswer> answers) {
  return answers.size() > 1 &&
         std::all_of(answers.begin(), answers.end(), [](const StratumAnswer& of_stratum) {
           return !of_stratum.answer || of_stratum.answer->cells.size() < 2;
         });
}

}  // namespace ollama_bench
