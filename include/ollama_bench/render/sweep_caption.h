#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ollama_bench {

/// What a report says about where its numbers come from. Empty strings are left out.
struct SweepCaption {
  std::string model;
  std::string ollama_version;
  std::string hardware;
  std::string date;  ///< of the sweep's start
  std::optional<std::int64_t> prompt_tokens;
  bool replayed = false;        ///< the numbers come from a recording
  bool repeats_itself = false;  ///< and it gave each reading again and again, without noise
  bool mixed = false;           ///< samples of different identities are side by side
};

}  // namespace ollama_bench
