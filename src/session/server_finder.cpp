#include "ollama_bench/session/server_finder.h"

#include <cstdlib>

namespace ollama_bench {

Expected<ServerAddress, SessionError> FindServer(const std::string& host) {
  const char* variable = std::getenv("OLLAMA_HOST");
  const std::string text = !host.empty()         ? host
                           : variable != nullptr ? std::string(variable)
                                                 : std::string();
  auto address = ParseServerAddress(text);
  if (!address) return Fail(ExitCode::kUsage, address.error());
  return *address;
}

}  // namespace ollama_bench
