#include "support/stand_in/tokens.h"

#include <algorithm>

namespace ollama_bench::stand_in {

std::uint64_t Hash(std::string_view text, std::uint64_t seed) {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return seed;
}

std::vector<std::uint64_t> Words(std::string_view prompt) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  std::vector<std::uint64_t> words;
  std::size_t start = prompt.find_first_not_of(kBlank);
  while (start != std::string_view::npos) {
    const std::size_t end = std::min(prompt.find_first_of(kBlank, start), prompt.size());
    words.push_back(Hash(prompt.substr(start, end - start)));
    start = prompt.find_first_not_of(kBlank, end);
  }
  return words;
}

std::size_t CommonPrefix(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  const auto [end, unused] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(end - a.begin());
}

}  // namespace ollama_bench::stand_in
