#include "ollama_bench/render/cell_json.h"

#include <string>

namespace ollama_bench {

nlohmann::ordered_json CellJson(const Cell& cell) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const ParameterInfo& info : AllParameters()) {
    if (!cell.Sets(info.parameter)) continue;
    nlohmann::ordered_json& member = json[std::string(info.key)];
    const int value = cell[info.parameter];
    if (info.type == ParameterType::kSwitch) {
      member = value != 0;
    } else {
      member = value;
    }
  }
  return json;
}

}  // namespace ollama_bench
