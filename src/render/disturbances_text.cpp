#include "ollama_bench/render/disturbances_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;

// "2026-11-21T07:00:05+00:00" as "2026-11-21 07:00".
std::string Minute(std::string time) {
  constexpr std::size_t kLength = 16;
  constexpr std::size_t kPlaceOfT = 10;
  if (time.size() < kLength) return time;
  time.resize(kLength);
  time[kPlaceOfT] = ' ';
  return time;
}

std::string Describe(const DisturbedSpell& spell) {
  const std::string from = Minute(spell.from);
  const std::string to = Minute(spell.to);
  return fmt::format("{}{} ({:.1f} CPUs used by other programs{})", from,
                     to == from ? "" : " to " + to, spell.others_cpus,
                     spell.cause == "memory" ? ", memory short" : "");
}

}  // namespace

std::string DisturbancesText(const Disturbances& disturbances) {
  constexpr std::size_t kMostSpells = 3;
  if (disturbances.samples == 0) return {};
  std::vector<std::string> spells;
  for (const DisturbedSpell& spell : disturbances.spells) {
    if (spells.size() < kMostSpells) spells.push_back(Describe(spell));
  }
  const std::size_t left = disturbances.spells.size() - spells.size();
  return fmt::format("{} disturbed sample{} not counted: {}{}{}", disturbances.samples,
                     disturbances.samples == 1 ? "" : "s", fmt::join(spells, "; "),
                     left > 0 ? fmt::format("; {} more times", left) : "",
                     disturbances.not_replaced > 0 ? fmt::format("; {} loads have none that counts",
                                                                 disturbances.not_replaced)
                                                   : "");
}

Json DisturbancesJson(const Disturbances& disturbances) {
  if (disturbances.samples == 0) return {};
  Json json = {{"samples", disturbances.samples},
               {"loads_not_replaced", disturbances.not_replaced},
               {"spells", Json::array()}};
  for (const DisturbedSpell& spell : disturbances.spells) {
    json["spells"].push_back({{"from", spell.from},
                              {"to", spell.to},
                              {"cause", spell.cause},
                              {"others_cpus", spell.others_cpus},
                              {"samples", spell.samples}});
  }
  return json;
}

}  // namespace ollama_bench
