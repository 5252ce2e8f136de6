#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// What the server makes of the values that a cell asks for; only what is known, never a guess.
struct EffectiveLimits {
  bool batch_cut_to_context = false;
  std::optional<std::int64_t> largest_context;  ///< num_ctx is cut to it; empty: it is not cut
  /// Of the model; with more of them than these, the output is on a GPU too, and nothing is left.
  std::optional<std::int64_t> layers = {};
  std::optional<int> least_context = {};  ///< num_ctx is raised to it; empty: it is not raised
  bool lacks_flash_attention = false;     ///< it stays off, whatever is asked for
  /// Without flash attention the KV cache is f16, whatever is asked for.
  bool drops_kv_type = false;
  Cell server_defaults = {};  ///< what auto means, of settings of Scope::kServer where it is known
};

/// Two cells that are one measurement.
struct Alias {
  Cell cell;
  Cell of;             ///< asks for what the server uses anyway
  std::string reason;  ///< "num_batch above num_ctx"

  friend bool operator==(const Alias&, const Alias&) = default;
};

/// The cells whose effective values are those of another of `cells`, in their order. A cell whose
/// effective values none of the others asks for is no alias, unless it is one of a context that the
/// server raises: measured or not, it says nothing of what it asks for.
std::vector<Alias> FindAliases(std::span<const Cell> cells, const EffectiveLimits& limits);

}  // namespace ollama_bench
