#pragma once

#include <functional>
#include <string>

namespace ollama_bench {

/// Takes one line on what is being done, for a person who looks for a fault; empty where nobody
/// does. May be called from any thread.
using DebugLog = std::function<void(const std::string& line)>;

}  // namespace ollama_bench
