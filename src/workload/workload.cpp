#include "ollama_bench/workload/workload.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "ollama_bench/core/random.h"

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
  Expected<RunReport, Failure> Run(Driver& driver, const WorkloadCell& /*cell*/,
                                   PromptFeed& feed) const override {
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

/// A window of many requests.
class Load : public Workload {
 public:
  explicit Load(TrafficOptions traffic) : traffic_(std::move(traffic)) {}

  [[nodiscard]] WorkloadKind kind() const override { return WorkloadKind::kLoad; }
  // Each prompt of a window is read after others.
  Expected<void, Failure> BeforeSample(Driver& /*driver*/) const override { return {}; }
  Expected<RunReport, Failure> Run(Driver& driver, const WorkloadCell& cell,
                                   PromptFeed& feed) const override {
    WindowPlan plan;
    const Cell& level = cell.cell;
    if (level.Sets(Parameter::kRequestRate)) {
      plan.request_rate = NumberOf(Parameter::kRequestRate, level[Parameter::kRequestRate]);
    } else {
      plan.concurrency = level.Sets(Parameter::kConcurrency) ? level[Parameter::kConcurrency] : 1;
    }
    plan.num_predict = cell.num_predict;
    plan.traffic = traffic_;
    plan.seed = SystemRandom()();
    return driver.RunWindow(plan, feed);
  }
  [[nodiscard]] std::optional<Exclusion> Verify(const Sample& sample,
                                                const Expectation& expectation) const override {
    if (!sample.window) return std::nullopt;
    const Window& window = *sample.window;
    if (window.is_cut) return Exclusion::kCutShort;
    const WindowChecks& checks = window.checks;
    if (checks.sender_lag == false || checks.client_cpu == false) return Exclusion::kUntrusted;
    if (checks.cache == false) return Exclusion::kCached;
    return window.completed > 0 ? VerifyRequest(sample, expectation) : std::nullopt;
  }
  [[nodiscard]] bool LacksDecodeRate() const override { return false; }

 private:
  TrafficOptions traffic_;
};

}  // namespace

std::unique_ptr<Workload> MakeWorkload(WorkloadKind kind, const TrafficOptions& traffic) {
  if (kind == WorkloadKind::kLoad) return std::make_unique<Load>(traffic);
  if (kind == WorkloadKind::kGenerate) return std::make_unique<Generate>();
  return std::make_unique<Prefill>();
}

}  // namespace ollama_bench
