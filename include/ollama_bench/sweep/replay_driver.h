#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ollama_bench/sweep/recording.h"
#include "ollama_bench/workload/driver.h"

namespace ollama_bench {

struct ReplayOptions {
  /// Standard deviation of the natural logarithm of the factor that each run's rate is multiplied
  /// by. 0: none, and the recorded samples are given out in turn; otherwise the factor applies to
  /// the cell's median.
  double noise = 0;
  std::uint64_t seed = 1;
  /// How many runs were replayed before into the same results, so that going on draws new factors.
  std::uint64_t first_run = 0;
};

/// Answers from a recording at once, without any server: for trying strategies and for tests. The
/// same options and the same order of runs give the same answers. Recorded failures fail again in
/// the same way; a cell that was not recorded is kNotRecorded.
class ReplayDriver : public Driver {
 public:
  /// `facts` as Connect is to return them. `recording` must outlive the object.
  ReplayDriver(const Recording& recording, ServerFacts facts, ReplayOptions options);

  [[nodiscard]] std::string_view name() const override { return "replay"; }
  Expected<ServerFacts, Failure> Connect() override { return facts_; }
  Expected<PreparedCell, Failure> Prepare(const Cell& cell) override;
  Expected<RunReport, Failure> Run(std::string_view prompt) override;
  Expected<void, Failure> ForgetPrompt() override { return {}; }
  Expected<RunMetrics, Failure> Decode(int tokens) override;
  std::optional<LoadedModel> Loaded() override;
  std::vector<std::string> OtherModels() override { return {}; }
  [[nodiscard]] std::vector<std::string> TemporaryModels() const override { return {}; }
  Expected<void, Failure> CleanUp() override { return {}; }

 private:
  [[nodiscard]] double NextFactor();

  const Recording& recording_;
  ServerFacts facts_;
  ReplayOptions options_;
  std::uint64_t run_;
  const CellResult* cell_ = nullptr;
  std::map<const CellResult*, std::size_t> given_;  ///< samples given out so far
};

}  // namespace ollama_bench
