#pragma once

#include "support/ollama_server.h"

namespace ollama_bench::testing {

/// The simulator, started. Its law is told in support/simulator/law.h, what it writes down of each
/// request in support/simulator/truth.h. It has the HTTP interface alone, no command line.
class SimulatedOllama : public OllamaServer {
 public:
  /// `added` goes to its environment, such as OLLAMA_NUM_PARALLEL, which it does not act on.
  explicit SimulatedOllama(const Json& law = Json::object(), Variables added = {});

  /// The simulator's executable.
  static std::filesystem::path Executable();

  /// Of the requests for text that have ended, in the order of their ends.
  [[nodiscard]] std::vector<Json> Truth() const;
  /// The same, once there are `count` of them: a client may know of an end before it is written
  /// down. Throws std::runtime_error after half a minute.
  [[nodiscard]] std::vector<Json> AwaitTruth(std::size_t count) const;
};

}  // namespace ollama_bench::testing
