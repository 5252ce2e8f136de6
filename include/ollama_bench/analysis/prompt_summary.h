#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/analysis/order_statistics.h"
#include "ollama_bench/core/prompt_record.h"

namespace ollama_bench {

/// What a record of a prompt that failed counts as: "unfinished", "error_line", "broken", else the
/// key of its FailureKind.
std::string OutcomeKey(const PromptRecord& record);

/// Statistics of one figure over prompts. Of a prompt asked more than once its mean counts.
struct Distribution {
  std::string_view key;        ///< in JSON: "ttft_ms"
  std::string_view label;      ///< for people: "TTFT"
  std::string_view unit;       ///< "ms" or "tokens/s"
  std::vector<double> values;  ///< of the prompts, ascending
  double mean = 0;
  std::optional<double> deviation;      ///< of two or more
  std::optional<double> run_deviation;  ///< between the runs of one prompt, pooled
  struct Share {
    int percent = 0;
    std::optional<Quantile> quantile;
  };
  std::vector<Share> quantiles;  ///< p50, p90, p95, p99

  /// Takes the values and fills in what follows from them.
  void SetValues(std::vector<double> all);
};

/// One of the slowest answers.
struct SlowPrompt {
  std::string id;
  int repeat = 1;
  double e2e_ms = 0;
  std::optional<double> ttft_ms;
  std::optional<std::int64_t> generated_tokens;
};

/// What a pass over prompts came to.
struct PromptSummary {
  std::size_t planned = 0;                      ///< requests
  std::size_t answered = 0;                     ///< of them
  std::size_t prompts = 0;                      ///< with at least one answer
  std::map<std::string, std::size_t> failures;  ///< by OutcomeKey
  std::size_t unasked = 0;                      ///< neither answered nor failed
  std::int64_t prompt_tokens = 0;               ///< of all answers
  std::int64_t generated_tokens = 0;
  std::int64_t cached_prompts = 0;    ///< answers whose prompt came from the cache in part
  std::int64_t short_answers = 0;     ///< that ended by themselves before num_predict tokens
  std::vector<Distribution> figures;  ///< of answers from a model that was in memory
  std::vector<PromptTiming> first_after_load;  ///< answers that waited for a load
  std::optional<PromptTiming> second;          ///< the first answer behind these
  std::vector<SlowPrompt> slowest;             ///< ten, slowest first
  std::int64_t merged_chunks = 0;
  std::int64_t unstamped_reads = 0;
};

/// Takes records one at a time, for there may be many with long texts.
class PromptSummarizer {
 public:
  /// `planned`: requests of the pass.
  explicit PromptSummarizer(std::size_t planned);

  void Add(const PromptRecord& record);
  [[nodiscard]] PromptSummary Finish();

 private:
  // The sum over the runs of a prompt, and that of their squared distances from its mean (Welford).
  struct Runs {
    int count = 0;
    double mean = 0;
    double squares = 0;
  };

  void AddFigures(const PromptRecord& record);
  void AddSlow(const PromptRecord& record);
  void Fill(Distribution& figure, std::size_t place) const;

  PromptSummary summary_;
  std::vector<std::map<std::int64_t, Runs>> runs_;  ///< of each figure, by the prompt's index
  std::map<std::int64_t, int> answered_;            ///< runs of each prompt
  double second_started_ = 0;
};

}  // namespace ollama_bench
