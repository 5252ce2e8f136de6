#pragma once

#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/ollama/server_address.h"
#include "ollama_bench/session/session_error.h"

namespace ollama_bench {

/// The server that a command is about: `host` (from --host), where that is empty OLLAMA_HOST, else
/// Ollama's default. Nothing is contacted. The error (kUsage) says what is wrong with the text.
Expected<ServerAddress, SessionError> FindServer(const std::string& host);

}  // namespace ollama_bench
