#pragma once

#include "ollama_bench/core/identity.h"

namespace ollama_bench {

/// Describes the machine that this program runs on. What the system does not report stays empty.
Environment DescribeMachine();

}  // namespace ollama_bench
