#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/session/prompt_session.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/workload/data_set.h"
#include "ollama_bench/workload/prompt_schedule.h"

namespace ollama_bench {

/// The data set of a pass and its requests, with what earlier starts left to do.
class PromptPlan {
 public:
  /// Reads the data set. kUsage names the bad entries.
  static Expected<PromptPlan, SessionError> Make(const PromptsOptions& options);

  [[nodiscard]] const std::vector<PromptItem>& items() const { return set_.items; }
  [[nodiscard]] const DataSet& set() const { return set_; }
  [[nodiscard]] const std::vector<PromptTurn>& turns() const { return turns_; }
  /// Those that are left, once the output was read.
  [[nodiscard]] std::vector<PromptTurn> Remaining() const;
  [[nodiscard]] PromptPlace PlaceOf(std::size_t item) const;
  [[nodiscard]] int SeedOf(std::size_t item) const { return seed_ + static_cast<int>(item); }

  /// Takes a line of the output. Returns why it cannot be one of this pass.
  std::string TakeStored(std::string_view line);
  /// What the stored records were asked with; empty where there are none.
  [[nodiscard]] const std::optional<PromptConfig>& stored() const { return stored_; }
  /// Numbers of the stored lines, from 0, whose requests are made again.
  [[nodiscard]] const std::unordered_set<std::size_t>& replaced() const { return replaced_; }
  /// Whether the record is of a request of this pass.
  [[nodiscard]] bool Holds(const PromptRecord& record) const;

 private:
  PromptPlan() = default;
  std::string CheckConfig(const PromptRecord& record);
  [[nodiscard]] std::size_t PlaceInPlan(const PromptRecord& record) const;

  DataSet set_;
  std::vector<std::string> chains_;
  std::vector<PromptTurn> turns_;
  Shard shard_;
  int repeats_ = 1;
  int seed_ = 1;
  int num_predict_ = 0;
  std::string model_;
  std::vector<bool> done_;  ///< by repeat, and within it by item
  std::optional<PromptConfig> stored_;
  std::unordered_set<std::size_t> replaced_;
  std::size_t lines_ = 0;
};

/// "lines 3, 17 and 2 more".
std::string DescribeBadPlaces(const DataSet& set);

}  // namespace ollama_bench
