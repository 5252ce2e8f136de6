#include <fmt/format.h>

#include <algorithm>

#include "chapters.h"
#include "ollama_bench/analysis/verdict.h"

namespace ollama_bench {
namespace {

constexpr const char* kTerms =
    "A sample is one measured execution of the workload, a load is the model brought into memory "
    "once, a cell is one combination of settings. Warm-ups, disturbed samples and samples that "
    "failed their checks do not count.";
constexpr const char* kPrefix =
    "Each prompt begins with words of its own, so that the server's prefix cache cannot serve it; "
    "token counts, context and rate of each sample were checked before it counted.";
constexpr const char* kChoice =
    "Values are posterior means of a model on the log scale: main effects, cells, drift of the "
    "machine (Ornstein-Uhlenbeck), loads (Student t with 4 degrees of freedom) and runs of a load. "
    "Intervals are of 95 %. The highest reading alone is no answer: among many cells it is mostly "
    "selection bias.";
constexpr const char* kConfirmed =
    "Cells that may be the best, and the current setting, were loaded again after the pass.";
constexpr const char* kVerdicts =
    "CHANGE: a gain over the current setting of more than 1 % is shown (97.5 %), or more context "
    "without a loss of 1 %. KEEP: no cell is more than 1 % better (95 %). TIE: the contenders are "
    "within 1 % of each other. UNDECIDED: more loads would decide it. NO ANSWER: the machine "
    "changed too much.";
constexpr const char* kLoad =
    "A window is a stretch of steady load: slots are filled before it and handed over without "
    "draining; requests in flight at its end are counted apart. Latency counts from when a request "
    "was to be sent. Intervals of means rest on the differences between windows of a level, those "
    "of percentiles on order statistics; a percentile that the requests cannot bound is left out. "
    "The knee is the largest concurrency that still raises the output throughput significantly, by "
    "tests of each level against the one below it (one-sided, 1 %).";
constexpr const char* kScale =
    "Time is fitted as a + b n + c n^2 of n tokens, with 95 % intervals over loads; a breakpoint "
    "is "
    "shown only where it is significant, and what lies beyond the lengths measured is marked.";
constexpr const char* kTelemetry =
    "Use of CPUs counts CPUs: 1 is one CPU at 100 %. Joules per token are those of the parts that "
    "count their energy, over the tokens read and generated, of a window over its output tokens.";

// Files of the old script do not say how they were made.
bool WasVerified(const ReportedSweep& sweep) {
  return !sweep.metadata.replayed && !sweep.metadata.unverified &&
         !sweep.metadata.identity.driver.empty();
}

bool HasConfirming(const ReportedSweep& sweep) {
  return std::any_of(sweep.results.begin(), sweep.results.end(), [](const CellResult& result) {
    return std::any_of(result.samples.begin(), result.samples.end(),
                       [](const Sample& sample) { return sample.role == SampleRole::kConfirm; });
  });
}

}  // namespace

std::vector<Block> MethodBlocks(const ReportedSweep& sweep, const SweepContent& content) {
  Fold fold{"How it was measured", {}};
  const WorkloadInfo& workload = Describe(WorkloadOf(sweep.metadata));
  const auto add = [&fold](std::string text) {
    fold.blocks.emplace_back(Paragraph{std::move(text), Tone::kPlain});
  };
  add(fmt::format("Workload {}: {}. Cells are compared by {}.", workload.key, workload.help,
                  Describe(sweep.metric).label));
  add(kTerms);
  if (WasVerified(sweep) && content.load.empty()) add(kPrefix);
  if (content.has_choice) {
    add(kChoice);
    if (HasConfirming(sweep)) add(kConfirmed);
    add(kVerdicts);
  }
  if (!content.load.empty()) add(kLoad);
  if (!content.scale.empty()) add(kScale);
  if (!TelemetryBlocks(sweep).empty()) add(kTelemetry);
  return Only(std::move(fold));
}

}  // namespace ollama_bench
