#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/session/session_driver.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// What a sweep compares its cells with.
struct BaselineChoice {
  std::optional<Baseline> found;  ///< the user's current setting; empty where it is not known
  std::optional<Cell> cell;       ///< to be measured; empty where it could not be
  std::string warning;            ///< why it is not known or not measured; one line, mostly empty
  bool is_asked_later = false;    ///< only a load can tell it, which was not allowed

  /// For the header of a sweep that begins with it: the setting and where it is from. Empty where
  /// there is none to measure.
  [[nodiscard]] std::string Describe() const;
};

/// What the user has at present: as `store` has it, else asked of `driver`, which must be connected
/// with `config`. `prompt_tokens`: of the sweep's prompt.
BaselineChoice ChooseBaseline(SessionDriver& driver, const SweepConfig& config,
                              const Metadata& store, std::int64_t prompt_tokens, MayLoad may_load);

}  // namespace ollama_bench
