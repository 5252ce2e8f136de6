#pragma once

#include <string>
#include <string_view>

#include "support/simulator/engine.h"

namespace ollama_bench::simulator {

struct Answer {
  int status = 200;
  std::string body;  ///< JSON
};

/// Answers all that is not a request for text. `path` is without its query.
Answer AnswerControl(Engine& engine, std::string_view method, std::string_view path,
                     const Json& body);

/// Whether the server has the model, with or without ":latest".
bool HasModel(const Law& law, const std::string& name);

/// Ollama's answer for a model it has not.
Answer NoSuchModel(const std::string& name);

}  // namespace ollama_bench::simulator
