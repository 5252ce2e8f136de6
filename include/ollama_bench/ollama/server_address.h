#pragma once

#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// Where an Ollama server is reached.
struct ServerAddress {
  std::string scheme = "http";
  std::string host = "127.0.0.1";  ///< without brackets
  int port = 11434;

  /// "http://127.0.0.1:11434"; IPv6 in brackets.
  [[nodiscard]] std::string Url() const;
  /// Whether the name means this machine's loopback interface.
  [[nodiscard]] bool IsLoopback() const;
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

/// Reads OLLAMA_HOST or --host as Ollama does: scheme and port may be missing (11434, with a scheme
/// 80 or 443), quotes and a path are ignored, 0.0.0.0 and [::] (listen everywhere) mean loopback to
/// a client. The error says what is wrong with `text`.
Expected<ServerAddress, std::string> ParseServerAddress(std::string_view text);

}  // namespace ollama_bench
