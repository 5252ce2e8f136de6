#pragma once

#include "support/ollama_server.h"

namespace ollama_bench::testing {

/// The stand-in, started. What it can play is told in support/stand_in/script.h.
class StandInServer : public OllamaServer {
 public:
  /// `added` goes to the environment of server and clients.
  explicit StandInServer(const Json& script = Json::object(), Variables added = {});

  /// The stand-in's executable.
  static std::filesystem::path Ollama();

  /// Plays another script from the next call on.
  void SetScript(const Json& script) const;
  /// What was asked so far, in order: {"command", "path"?, "model"?, "num_ctx"?, "num_batch"?,
  /// "argv"?, "prompt"? (its first 80 bytes), "words"?, "keep_alive"?, "options"?, …}.
  [[nodiscard]] Json Calls() const { return Get("/stand_in/calls"); }
};

}  // namespace ollama_bench::testing
