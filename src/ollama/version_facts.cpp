#include "ollama_bench/ollama/version_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ollama_bench {
namespace {

struct Range {
  OllamaVersion first;
  OllamaVersion last;  // included
  VersionFact fact;
};

constexpr OllamaVersion kForEver{1'000'000, 0, 0};
constexpr int kAnyPatch = 1'000'000;

// Releases before v0.6.8 and after the last one read are unknown ground, which is said as well.
constexpr std::array kFacts = {
    Range{{0, 0, 0},
          {0, 6, 7},
          {true, "it is older than any release this program was made for; update Ollama"}},
    Range{{0, 12, 5},
          {0, 12, 6},
          {true,
           "it counts the time of a prompt's last batch alone, so its rates are up to 33 "
           "times too high; use another release"}},
    Range{{0, 6, 8},
          {0, 13, 2},
          {false,
           "with models of the llama family, num_batch above 512 changes nothing (the "
           "physical batch stays 512)"}},
    Range{{0, 6, 8},
          {0, 9, 2},
          {false,
           "a num_ctx above the model's trained context is used as it is; later releases "
           "cut it"}},
    Range{{0, 6, 8},
          {0, 9, kAnyPatch},
          {false,
           "OLLAMA_NUM_PARALLEL is chosen by itself, which multiplies the memory of the "
           "context; set it to 1"}},
    Range{{0, 9, 3},
          {0, 13, 5},
          {false,
           "/api/ps reports the num_ctx that was asked for, even where the model's trained "
           "context is used instead"}},
    Range{{0, 6, 8},
          {0, 13, kAnyPatch},
          {false, "`ollama run` prints no metrics for prompts from about 75,000 tokens on"}},
    Range{{0, 11, 11}, kForEver, {false, "num_batch is cut to num_ctx"}},
    Range{{0, 13, 3}, {0, 29, kAnyPatch}, {false, "num_batch is the physical batch everywhere"}},
    Range{{0, 30, 0},
          kForEver,
          {false,
           "models run in llama-server, where num_batch sets both batches; a prompt that is "
           "too long is cut to about half of num_ctx"}},
    Range{{0, 34, 0}, kForEver, {false, "it is newer than any release this program was made for"}},
};

bool TakeNumber(std::string_view& text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool TakeDot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<OllamaVersion> ParseOllamaVersion(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  OllamaVersion version;
  const bool read = TakeNumber(text, version.major) && TakeDot(text) &&
                    TakeNumber(text, version.minor) && TakeDot(text) &&
                    TakeNumber(text, version.patch);
  const bool ended = text.empty() || text.front() == '-' || text.front() == '+';
  // What the sources hold in place of a version that the build did not set.
  if (!read || !ended || version == OllamaVersion()) return std::nullopt;
  return version;
}

// "ollama version is X" is the server's; where the client differs, or meets no server, a line
// "client version is X" follows.
std::string ClientVersion(std::string_view output) {
  for (const std::string_view label : {"client version is ", "ollama version is "}) {
    const auto found = output.find(label);
    if (found == std::string_view::npos) continue;
    const std::string_view rest = output.substr(found + label.size());
    return std::string(rest.substr(0, rest.find_first_of(" \r\n")));
  }
  return {};
}

std::vector<VersionFact> FactsOfVersion(const OllamaVersion& version) {
  std::vector<VersionFact> facts;
  for (const Range& range : kFacts) {
    if (version >= range.first && version <= range.last) facts.push_back(range.fact);
  }
  std::stable_partition(facts.begin(), facts.end(),
                        [](const VersionFact& fact) { return fact.is_warning; });
  return facts;
}

std::vector<std::string> VersionWarnings(std::string_view version) {
  std::vector<std::string> warnings;
  const auto parsed = ParseOllamaVersion(version);
  if (!parsed) {
    warnings.push_back(fmt::format(
        "Ollama {}: this is no release, as of a build by hand; what it does by itself is "
        "asked of it or assumed, and cells that it treats alike are not known "
        "beforehand",
        version));
    return warnings;
  }
  for (const VersionFact& fact : FactsOfVersion(*parsed)) {
    if (fact.is_warning) warnings.push_back(fmt::format("Ollama {}: {}", version, fact.text));
  }
  return warnings;
}

EffectiveRules RulesOfVersion(const OllamaVersion& version) {
  EffectiveRules rules;
  rules.cuts_batch_to_context = version >= OllamaVersion{0, 11, 11};
  rules.cuts_context_to_trained = version >= OllamaVersion{0, 9, 3};
  if (version >= OllamaVersion{0, 12, 0}) rules.least_vision_context = 2048;
  rules.needs_gpu_for_flash_attention = version < OllamaVersion{0, 12, 0};
  rules.drops_kv_type = version < OllamaVersion{0, 12, 0};
  rules.refuses_kv_type = version >= OllamaVersion{0, 30, 0};
  rules.server_defaults.Set(Parameter::kSchedSpread, 0);
  rules.server_defaults.Set(Parameter::kKvCacheType, static_cast<int>(KvCacheType::kF16));
  if (version < OllamaVersion{0, 12, 0}) rules.server_defaults.Set(Parameter::kFlashAttention, 0);
  if (version >= OllamaVersion{0, 10, 0}) rules.server_defaults.Set(Parameter::kNumParallel, 1);
  return rules;
}

bool ReportsContext(const OllamaVersion& version) {
  return version >= OllamaVersion{0, 10, 0};
}

std::optional<int> LargestLlamaBatch(const OllamaVersion& version) {
  const bool has_one = version >= OllamaVersion{0, 6, 8} && version < OllamaVersion{0, 13, 3};
  return has_one ? std::optional(512) : std::nullopt;
}

bool KeepsDisplacedPrompts(const OllamaVersion& version) {
  return version >= OllamaVersion{0, 30, 0};
}

std::optional<int> DefaultNumCtx(const OllamaVersion& version) {
  if (version >= OllamaVersion{0, 14, 0}) return std::nullopt;
  return 4096;
}

int DefaultNumBatch(const OllamaVersion& version, int num_ctx) {
  constexpr int kDefault = 512;
  if (version < OllamaVersion{0, 30, 0} || num_ctx <= 4096) return kDefault;
  return num_ctx <= 32768 ? 1024 : 2048;
}

}  // namespace ollama_bench
