#include "ollama_bench/session/baseline.h"

#include <fmt/format.h>

#include "ollama_bench/core/stratum.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/workload/verify.h"

namespace ollama_bench {

std::string BaselineChoice::Describe() const {
  if (is_asked_later) return "asked of the server at the start, by a load without options";
  if (!found || !cell) return {};
  return fmt::format("{} ({})", NameOf(*cell), found->source);
}

BaselineChoice ChooseBaseline(SessionDriver& driver, const SweepConfig& config,
                              const Metadata& store, std::int64_t prompt_tokens, MayLoad may_load) {
  BaselineChoice choice;
  choice.found = store.baseline;
  if (!choice.found) {
    auto asked = driver.FindBaseline(config, may_load);
    choice.found = std::move(asked.setting);
    choice.is_asked_later = asked.needs_load;
    if (!asked.why_not.empty()) {
      choice.warning = fmt::format(
          "the current setting is not known, and nothing is compared with it: {}", asked.why_not);
    }
  }
  if (!choice.found) return choice;
  Metadata metadata = store;
  metadata.baseline = choice.found;
  const Cell setting = *BaselineCell(metadata, config.space);
  const Cell cell = WithStratum(setting, StrataOf(config.space).front());
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
