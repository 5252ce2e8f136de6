#include "options.h"

#include <string>

namespace ollama_bench {

nlohmann::json OptionsOf(const Cell& cell) {
  nlohmann::json options = nlohmann::json::object();
  for (const ParameterInfo& info : AllParameters()) {
    if (!info.is_option || !cell.Sets(info.parameter)) continue;
    options[std::string(info.key)] = ValueAs<nlohmann::json>(info.parameter, cell[info.parameter]);
  }
  return options;
}

}  // namespace ollama_bench
