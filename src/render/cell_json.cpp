#include "ollama_bench/render/cell_json.h"

#include <string>

namespace ollama_bench {

nlohmann::ordered_json CellJson(const Cell& cell) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const ParameterInfo& info : AllParameters()) {
    if (!cell.Sets(info.parameter)) continue;
    json[std::string(info.key)] =
        ValueAs<nlohmann::ordered_json>(info.parameter, cell[info.parameter]);
  }
  return json;
}

}  // namespace ollama_bench
