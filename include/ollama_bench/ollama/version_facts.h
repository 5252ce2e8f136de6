#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ollama_bench {

/// A release of Ollama. What follows the third number ("-rc2", "+local") is left out.
struct OllamaVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  friend auto operator<=>(const OllamaVersion&, const OllamaVersion&) = default;
};

/// Reads "0.11.4", "v0.33.0-rc2"; empty for anything else ("0.0.0" of a build by hand included).
std::optional<OllamaVersion> ParseOllamaVersion(std::string_view text);

/// The version in the output of `ollama --version`: the client's own where both are told.
std::string ClientVersion(std::string_view output);

/// Something to know of some releases before measuring with them.
struct VersionFact {
  bool is_warning = false;  ///< results of these releases mislead; else only good to know
  std::string_view text;    ///< one sentence for a person
};

/// What is known of `version`, warnings first. Sources: Ollama's own, tags v0.6.8 to v0.33.0-rc2.
std::vector<VersionFact> FactsOfVersion(const OllamaVersion& version);

}  // namespace ollama_bench
