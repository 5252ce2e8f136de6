#pragma once

#include <string>

namespace ollama_bench::stand_in {

/// Where the server listens: OLLAMA_HOST, whose scheme and port may be missing.
struct Address {
  std::string host = "127.0.0.1";
  int port = 11434;
  std::string path = {};  ///< before that of each request
};

Address AddressFromEnvironment();

enum class Exchanged {
  kAnswered,
  kNoConnection,  ///< nobody listens
  kBroken,        ///< the connection ended before the answer did
};

/// One POST over HTTP/1.1, over plain sockets: the client starts in a fifth of the time that an
/// HTTP library with its TLS takes to load, and a sweep starts it thousands of times.
Exchanged Post(const Address& address, const std::string& path, const std::string& body,
               std::string& answer);

}  // namespace ollama_bench::stand_in
