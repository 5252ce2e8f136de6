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
  json body = {{"model", request.model}, {"keep_alive", "30m"}, {"options", std::move(options)}};
  StreamRequest streamed;
  if (request.messages.empty()) {
    streamed.path = "/api/generate";
    body["prompt"] = request.prompt;
    body["raw"] = request.raw;
  } else {
    streamed.path = "/api/chat";
    for (const ChatMessage& message : request.messages) {
      body["messages"].push_back({{"role", message.role}, {"content", message.content}});
    }
  }
  streamed.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  streamed.timeout = request.timeout;
  return streamed;
}

StreamRequest UnloadRequestOf(const std::string& model) {
  StreamRequest streamed;
  streamed.path = "/api/generate";
  streamed.body = json{{"model", model}, {"keep_alive", 0}}.dump(-1, ' ', false,
                                                                 json::error_handler_t::replace);
  return streamed;
}

}  // namespace ollama_bench
