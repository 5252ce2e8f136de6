#pragma once

#include <string>
#include <utility>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

inline Unexpected<StoreError> IoFailure(std::string message) {
  return Unexpected<StoreError>({StoreError::Kind::kIo, std::move(message)});
}

/// The message names step and path.
inline Unexpected<StoreError> IoFailure(const IoError& error) {
  return IoFailure(error.message);
}

}  // namespace ollama_bench
