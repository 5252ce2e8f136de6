#include "options.h"

#include <string>

namespace ollama_bench {

nlohmann::json OptionsOf(const Cell& cell) {
  nlohmann::json options = nlohmann::json::object();
  for (const ParameterInfo& info : AllParameters()) {
    if (!info.is_option || !cell.Sets(info.parameter)) continue;
    nlohmann::json& option = options[std::string(info.key)];
    const int value = cell[info.parameter];
    if (info.type == ParameterType::kSwitch) {
      option = value != 0;
    } else {
      option = value;
    }
  }
  return options;
}

}  // namespace ollama_bench
