#include "ollama_bench/cli/leftovers.h"

#include <fmt/format.h>

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

Expected<void, SessionError> CheckNamesAreFree(const std::vector<std::string>& names,
                                               OllamaApi& api) {
  for (const std::string& name : names) {
    const auto exists = HasModel(name, api);
    if (!exists) return Fail(exists.error());
    if (*exists) {
      return Fail(ExitCode::kUsage,
                  fmt::format("the server has a model '{}', which is not ours to replace; give "
                              "another name with --model-name",
                              name));
    }
  }
  return {};
}

}  // namespace ollama_bench
