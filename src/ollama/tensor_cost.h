#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "ollama_bench/core/decode_cost.h"

namespace ollama_bench {

/// By the tensors and the metadata of an answer of /api/show. The table of token embeddings counts
/// only where it is the output as well, for a token reads one row of it; parts that see pictures or
/// hear sound do not. Empty where the answer has no tensors, or one of a type that is not known.
std::optional<DecodeCost> CostOfTensors(const nlohmann::json& answer);

}  // namespace ollama_bench
