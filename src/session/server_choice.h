#pragma once

#include <string>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/ollama/server_address.h"
#include "ollama_bench/session/session_error.h"

namespace ollama_bench {

// Settings of `ollama serve` take effect when it starts: only a server of our own can be given one
// after the other.

/// Whether the configuration sets anything that is decided when a server starts.
bool SetsServer(const Space& space);

/// That a server which somebody else starts can be measured with these settings: one value each,
/// which the results then say it has. `why` begins the error (kUsage), which says how to measure
/// several by hand.
Expected<void, SessionError> CheckHasOneServer(const Space& space, const std::string& why);

/// That the server at `address`, where its environment can be read, runs with the values that the
/// configuration sets. The error (kUsage) names the variable.
Expected<void, SessionError> CheckServerIsAsSet(const Space& space, const ServerAddress& address);

/// Models in the memory of other Ollama servers of this machine than the one on `own_port`: those
/// that can be seen, and the one at `usual`. "qwen3:4b (at http://127.0.0.1:11434)".
std::vector<std::string> ModelsOfOtherServers(int own_port, const ServerAddress& usual);

}  // namespace ollama_bench
