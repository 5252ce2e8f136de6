#include "ollama_bench/ollama/generate_request.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "options.h"

namespace ollama_bench {

using nlohmann::json;

StreamRequest StreamRequestOf(const GenerateRequest& request) {
  json options = OptionsOf(request.cell.value_or(Cell()));
  options["num_predict"] = request.num_predict;
  if (request.seed) options["seed"] = *request.seed;
  const json body = {{"model", request.model},
                     {"prompt", request.prompt},
                     {"keep_alive", "30m"},
                     {"raw", request.raw},
                     {"options", std::move(options)}};
  StreamRequest streamed;
  streamed.path = "/api/generate";
  streamed.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  streamed.timeout = request.timeout;
  return streamed;
}

}  // namespace ollama_bench
