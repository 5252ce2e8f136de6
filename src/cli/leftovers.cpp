#include "ollama_bench/cli/leftovers.h"

namespace ollama_bench {

Expected<std::vector<std::string>, Failure> RemoveLeftovers(
    const std::vector<TemporaryModel>& noted, OllamaApi& api) {
  std::vector<std::string> kept;
  if (noted.empty()) return kept;
  const auto models = api.Models();
  if (!models) return Unexpected<Failure>(models.error());
  for (const TemporaryModel& temporary : noted) {
    const ModelListing* listed = FindModel(*models, temporary.name);
    if (listed == nullptr) continue;
    if (!temporary.digest.empty() && temporary.digest != listed->digest) {
      kept.push_back(temporary.name);
      continue;
    }
    if (const auto removed = api.Remove(temporary.name); !removed) {
      return Unexpected<Failure>(removed.error());
    }
  }
  return kept;
}

Expected<bool, Failure> HasModel(const std::string& name, OllamaApi& api) {
  const auto models = api.Models();
  if (!models) return Unexpected<Failure>(models.error());
  return FindModel(*models, name) != nullptr;
}

}  // namespace ollama_bench
