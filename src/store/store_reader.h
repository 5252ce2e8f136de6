#pragma once

#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/results_store.h"
#include "store_content.h"

namespace ollama_bench {

/// Reads a results file. `name` is used for it in messages. Errors: kDamaged, kNewerSchema.
Expected<StoreContent, StoreError> ReadStore(std::string text, const std::string& name);

}  // namespace ollama_bench
