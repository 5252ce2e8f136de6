#include "ollama_bench/ollama/server_check.h"

#include <fmt/format.h>

#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kUnloadPoll{50};
constexpr milliseconds kUnloadLimit{30'000};
constexpr milliseconds kUnloadLimitWhenStopped{3'000};

Unexpected<Failure> NoSuchModel(const std::vector<ModelListing>& models, const std::string& name) {
  std::vector<std::string> names;
  std::vector<std::string> spellings;  // people leave ":latest" out
  for (const ModelListing& model : models) {
    names.push_back(model.name);
    spellings.push_back(model.name);
    spellings.push_back(model.name.substr(0, model.name.rfind(":latest")));
  }
  const std::string nearest = NearestSpelling(name, spellings);
  std::string message = fmt::format("the server has no model '{}'", Printable(name, false));
  if (!nearest.empty()) {
    message += fmt::format("; did you mean '{}'?", nearest);
  } else if (names.empty()) {
    message += fmt::format(" and no other; `ollama pull {}` would download it", name);
  } else {
    message += "; it has " + fmt::format("{}", fmt::join(names, ", "));
  }
  return Unexpected<Failure>(Failure{FailureKind::kModelMissing, std::move(message), {}, 1});
}

Expected<std::optional<LoadedModel>, Failure> AskLoaded(OllamaApi& api, const std::string& model) {
  const auto running = api.Running();
  if (!running) return Unexpected<Failure>(running.error());
  for (const RunningModel& loaded : *running) {
    if (loaded.name != NormalizeModelName(model)) continue;
    return LoadedModel{loaded.digest, loaded.context_length, loaded.size_bytes,
                       loaded.size_vram_bytes};
  }
  return std::optional<LoadedModel>();
}

}  // namespace

Expected<std::string, Failure> ReachServer(OllamaApi& api) {
  auto version = api.Version();
  // What a proxy said has its own remedy.
  const bool is_silent = !version && version.error().kind == FailureKind::kServerUnavailable &&
                         version.error().output_tail.empty();
  if (is_silent) {
    version.error().message +=
        api.address().IsLoopback()
            ? "; start it with `ollama serve`, or name it with --host HOST:PORT"
            : "; start it there with `OLLAMA_HOST=0.0.0.0 ollama serve`, or name another with "
              "--host "
              "HOST:PORT";
  }
  return version;
}

Expected<ModelListing, Failure> RequireModel(OllamaApi& api, const std::string& name) {
  const auto models = api.Models();
  if (!models) return Unexpected<Failure>(models.error());
  const ModelListing* found = FindModel(*models, name);
  if (found == nullptr) return NoSuchModel(*models, name);
  return *found;
}

Expected<std::vector<std::string>, Failure> OtherModelsLoaded(OllamaApi& api,
                                                              const std::string& own) {
  const auto running = api.Running();
  if (!running) return Unexpected<Failure>(running.error());
  std::vector<std::string> others;
  for (const RunningModel& model : *running) {
    const bool is_ours =
        model.name == NormalizeModelName(own) || model.name.starts_with(kTemporaryModelPrefix);
    if (!is_ours) others.push_back(model.name);
  }
  return others;
}

std::optional<LoadedModel> FindLoaded(OllamaApi& api, const std::string& model) {
  return AskLoaded(api, model).value_or(std::nullopt);
}

Expected<void, Failure> UnloadAndWait(OllamaApi& api, Clock& clock, const StopRequest& stop,
                                      const std::string& model) {
  auto loaded = AskLoaded(api, model);
  if (!loaded) return Unexpected<Failure>(loaded.error());
  if (!*loaded) return {};
  if (auto asked = api.Unload(model); !asked) return asked;
  const StopRequest never;
  const auto start = clock.Now();
  while (loaded.value_or(std::nullopt)) {
    const auto limit = stop.Requested() ? kUnloadLimitWhenStopped : kUnloadLimit;
    if (clock.Now() - start >= limit) break;
    clock.Sleep(kUnloadPoll, never);
    loaded = AskLoaded(api, model);
  }
  return {};
}

}  // namespace ollama_bench
