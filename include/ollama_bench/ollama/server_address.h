#pragma once

#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// Where an Ollama server is reached.
struct ServerAddress {
  std::string scheme = "http";
  std::string host = "127.0.0.1";  ///< in small letters, without brackets
  int port = 11434;
  std::string path = {};  ///< before that of each request: "/gpu2"; usually empty

  /// "http://127.0.0.1:11434", "http://[::1]:80/gpu2".
  [[nodiscard]] std::string Url() const;
  /// The same without the path.
  [[nodiscard]] std::string Origin() const;
  /// Whether the name means this machine's loopback interface.
  [[nodiscard]] bool IsLoopback() const;
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

/// Reads OLLAMA_HOST or --host as the `ollama` client does: the scheme, in any case, the host and
/// the port may be missing (11434; with "http" or "https" in small letters 80 or 443), blanks and
/// quotes around it are dropped, a path precedes those of the requests, 0.0.0.0, [::] and an empty
/// host mean loopback. Refused is what the client cannot use either, such as a user name and a
/// password, and where it would silently take something else, such as another port for one that is
/// out of range. The error says what is wrong with `text`, and never repeats a password.
Expected<ServerAddress, std::string> ParseServerAddress(std::string_view text);

}  // namespace ollama_bench
