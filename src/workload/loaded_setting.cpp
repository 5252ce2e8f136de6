#include "ollama_bench/workload/loaded_setting.h"

#include "ollama_bench/core/stratum.h"

namespace ollama_bench {

bool LoadedSetting::Serves(const Cell& cell) {
  const bool is_same = setting_ && *setting_ == LoadOf(cell);
  const bool serves = is_same && measured_.insert(cell).second;
  if (!serves) {
    setting_ = LoadOf(cell);
    measured_ = {cell};
  }
  return serves;
}

void LoadedSetting::Forget() {
  setting_.reset();
  measured_.clear();
}

bool LoadedSetting::MayLinger(const Cell& cell) const {
  return !setting_ || *setting_ == LoadOf(cell);
}

}  // namespace ollama_bench
