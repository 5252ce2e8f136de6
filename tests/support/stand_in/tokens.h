#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ollama_bench::stand_in {

/// The tokens that the chat template puts around a prompt. SmolLM2's ChatML spends nine, and plain
/// English words are one token each: `context` in v0.11.4/api_generate.json is "Why is the sky
/// blue" between three tokens and six.
inline constexpr std::int64_t kTemplateTokens = 9;

/// One number per word of `prompt`, equal for equal words.
std::vector<std::uint64_t> Words(std::string_view prompt);

/// How many words two prompts share from their starts on.
std::size_t CommonPrefix(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b);

/// FNV-1a over `text`, started from `seed`.
std::uint64_t Hash(std::string_view text, std::uint64_t seed = 14695981039346656037U);

}  // namespace ollama_bench::stand_in
