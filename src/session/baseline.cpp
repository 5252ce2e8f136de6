#include "baseline.h"

#include <fmt/format.h>

#include "ollama_bench/core/stratum.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/workload/verify.h"

namespace ollama_bench {

BaselineChoice ChooseBaseline(SessionDriver& driver, const SweepConfig& config,
                              const Metadata& store, std::int64_t prompt_tokens, MayLoad may_load) {
  BaselineChoice choice;
  choice.found = store.baseline ? store.baseline : driver.FindBaseline(config, may_load);
  if (!choice.found) return choice;
  Metadata metadata = store;
  metadata.baseline = choice.found;
  const Cell setting = *BaselineCell(metadata, config.space);
  const Cell cell = WithRequest(setting, StrataOf(config.space).front());
  if (driver.recording() != nullptr) {
    if (driver.recording()->Find(cell) != nullptr) choice.cell = setting;
  } else if (FitsContext(cell, prompt_tokens, config.num_predict)) {
    choice.cell = setting;
  } else {
    choice.warning = fmt::format(
        "the current setting, num_ctx {}, cannot hold a prompt of {} tokens; nothing is compared "
        "with it",
        cell[Parameter::kNumCtx], prompt_tokens);
  }
  return choice;
}

}  // namespace ollama_bench
