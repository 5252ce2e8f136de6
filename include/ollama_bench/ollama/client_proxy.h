#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/ollama/server_address.h"

namespace ollama_bench {

/// An HTTP proxy that the `ollama` client would take to a server.
struct ClientProxy {
  std::string variable;  ///< that names it: "HTTP_PROXY"
  std::string place;     ///< "proxy.example:3128", without a user name and a password
};

/// The proxy that an `ollama` started by the user takes to `server`, by the rules of Go's
/// net/http: HTTP_PROXY or HTTPS_PROXY, in capital or small letters, unless NO_PROXY covers the
/// host; none to this machine. Empty where it takes none.
std::optional<ClientProxy> FindClientProxy(const ServerAddress& server);

/// What this program adds to the environment of an `ollama` that it starts, so that the client
/// connects as the program itself does: to `server`, and without a proxy.
std::vector<std::pair<std::string, std::string>> ClientEnvironment(const ServerAddress& server);

/// Says that `proxy` is passed by, and what that means; for the end of a message.
std::string DescribeProxy(const ClientProxy& proxy);

}  // namespace ollama_bench
