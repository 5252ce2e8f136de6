#include "ollama_bench/analysis/disturbances.h"

#include <algorithm>
#include <map>

#include "ollama_bench/core/clock.h"

namespace ollama_bench {
namespace {

constexpr double kSpellGap_s = 600;

bool BelongsTo(const DisturbedSpell& spell, const Sample& sample) {
  const auto last = SecondsSince1970(spell.to);
  const auto now = SecondsSince1970(sample.started);
  return last && now && *now - *last <= kSpellGap_s;
}

void AddTo(std::vector<DisturbedSpell>& spells, const Sample& sample) {
  if (spells.empty() || !BelongsTo(spells.back(), sample)) {
    spells.push_back({sample.started, sample.started, sample.disturbed->cause, 0, 0});
  }
  DisturbedSpell& spell = spells.back();
  spell.to = sample.started;
  ++spell.samples;
  const double others = sample.disturbed->others_cpus.value_or(0);
  if (others <= spell.others_cpus) return;
  spell.others_cpus = others;
  spell.cause = sample.disturbed->cause;
}

}  // namespace

Disturbances FindDisturbances(std::span<const CellResult> results) {
  Disturbances found;
  std::vector<const Sample*> disturbed;
  for (const CellResult& result : results) {
    std::map<std::int64_t, bool> has_counted;  // of the loads that were disturbed
    for (const Sample& sample : result.samples) {
      if (!sample.disturbed) continue;
      disturbed.push_back(&sample);
      has_counted[sample.load_id] = false;
    }
    for (const Sample& sample : result.samples) {
      const auto load = has_counted.find(sample.load_id);
      if (load != has_counted.end() && IsCounted(sample)) load->second = true;
    }
    found.not_replaced += static_cast<std::size_t>(std::count_if(
        has_counted.begin(), has_counted.end(), [](const auto& load) { return !load.second; }));
  }
  std::stable_sort(disturbed.begin(), disturbed.end(), [](const Sample* a, const Sample* b) {
    return SecondsSince1970(a->started).value_or(0) < SecondsSince1970(b->started).value_or(0);
  });
  found.samples = disturbed.size();
  for (const Sample* sample : disturbed) AddTo(found.spells, *sample);
  return found;
}

}  // namespace ollama_bench
