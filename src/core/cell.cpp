#include "ollama_bench/core/cell.h"

#include <fmt/format.h>

namespace ollama_bench {

std::string NameOf(const Cell& cell) {
  return fmt::format("num_ctx={} num_batch={}", cell.num_ctx, cell.num_batch);
}

}  // namespace ollama_bench
