#pragma once

#include <string>
#include <vector>

#include "support/stand_in/state.h"

namespace ollama_bench::stand_in {

/// What an HTTP request is answered with.
struct Reply {
  int status = 200;
  std::string type = "application/json; charset=utf-8";
  std::vector<std::string> lines;  ///< one body; or with `stream` the lines of one
  bool stream = false;
  Json act;  ///< the rule's "do" or null: the server plays the parts that concern the connection
};

/// Answers /api/…; `path` without the query. Field names and their order are those of
/// v0.11.4/api_*.json and v0.32.15/api_*.json.
Reply AnswerApi(State& state, const std::string& method, const std::string& path,
                const std::string& body);

}  // namespace ollama_bench::stand_in
