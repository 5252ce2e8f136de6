#pragma once

#include <memory>
#include <optional>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/sample.h"
#include "ollama_bench/core/traffic.h"
#include "ollama_bench/workload/driver.h"
#include "ollama_bench/workload/prompt_feed.h"
#include "ollama_bench/workload/verify.h"

namespace ollama_bench {

/// A cell, and what it leaves open.
struct WorkloadCell {
  Cell cell;
  int num_predict = 0;  ///< tokens
};

/// What one sample of a cell is, and when it counts. Its names and figures are in
/// core/metric.h. Without state, so that one serves all cells.
class Workload {
 public:
  virtual ~Workload() = default;

  [[nodiscard]] virtual WorkloadKind kind() const = 0;
  /// What must be done before each sample and is no part of it.
  virtual Expected<void, Failure> BeforeSample(Driver& driver) const = 0;
  /// One sample of `cell`, which is prepared, with the next prompts of `feed`. Failures are the
  /// driver's.
  virtual Expected<RunReport, Failure> Run(Driver& driver, const WorkloadCell& cell,
                                           PromptFeed& feed) const = 0;
  /// Why the sample must not enter the cell's values; empty where it may.
  [[nodiscard]] virtual std::optional<Exclusion> Verify(const Sample& sample,
                                                        const Expectation& expectation) const = 0;
  /// Whether a decode rate takes a run beside the samples.
  [[nodiscard]] virtual bool LacksDecodeRate() const = 0;
};

/// `traffic` is of the load workload.
std::unique_ptr<Workload> MakeWorkload(WorkloadKind kind, const TrafficOptions& traffic);

}  // namespace ollama_bench
