#include "ollama_bench/workload/workload.h"

#include <algorithm>
#include <cstdint>

namespace ollama_bench {
namespace {

// Fewer generated tokens give a rate that is mostly rounding and start-up.
constexpr std::int64_t kFewestTokens = 16;

/// One request, whose prompt no part of is cached.
class SingleRequest : public Workload {
 public:
  Expected<void, Failure> BeforeSample(Driver& driver) const override {
    return driver.ForgetPrompt();
  }
  Expected<RunReport, Failure> Run(Driver& driver, PromptFeed& feed) const override {
    return driver.Run(feed.Next());
  }
};

class Prefill : public SingleRequest {
 public:
  [[nodiscard]] WorkloadKind kind() const override { return WorkloadKind::kPrefill; }
  [[nodiscard]] std::optional<Exclusion> Verify(const Sample& sample,
                                                const Expectation& expectation) const override {
    return VerifyRequest(sample, expectation);
  }
  [[nodiscard]] bool LacksDecodeRate() const override { return true; }
};

class Generate : public SingleRequest {
 public:
  [[nodiscard]] WorkloadKind kind() const override { return WorkloadKind::kGenerate; }
  [[nodiscard]] std::optional<Exclusion> Verify(const Sample& sample,
                                                const Expectation& expectation) const override {
    if (const auto excluded = VerifyRequest(sample, expectation)) return excluded;
    // A model ends its answer when it likes to.
    const std::int64_t wanted = std::min<std::int64_t>(expectation.num_predict, kFewestTokens);
    const bool is_long_enough =
        EvalRate(sample.metrics) && sample.metrics.eval_count.value_or(0) >= wanted;
    return is_long_enough ? std::nullopt : std::optional(Exclusion::kShortAnswer);
  }
  [[nodiscard]] bool LacksDecodeRate() const override { return false; }
};

}  // namespace

std::unique_ptr<Workload> MakeWorkload(WorkloadKind kind) {
  if (kind == WorkloadKind::kGenerate) return std::make_unique<Generate>();
  return std::make_unique<Prefill>();
}

}  // namespace ollama_bench
