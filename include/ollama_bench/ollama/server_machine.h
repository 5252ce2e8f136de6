#pragma once

#include <string>

#include "ollama_bench/ollama/server_address.h"

namespace ollama_bench {

/// A name of the machine that the address means, the same whatever name or address of it is given:
/// "localhost" for this one, else the least of its numeric addresses, else the host as it is
/// written where it cannot be looked up. May ask the system's name service.
std::string MachineOf(const ServerAddress& address);

}  // namespace ollama_bench
