#include "ollama_bench/ollama/server_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/client_proxy.h"

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
  if (IsCloudModelName(name)) {
    message += "; Ollama takes the name for a model of its cloud, which cannot be measured here";
  } else if (!nearest.empty()) {
    message += fmt::format("; did you mean '{}'?", nearest);
  } else if (names.empty()) {
    message += fmt::format(" and no other; `ollama pull {}` would download it", name);
  } else {
    message += "; it has " + fmt::format("{}", fmt::join(names, ", "));
  }
  return Unexpected<Failure>(Failure{FailureKind::kModelMissing, std::move(message), {}, 1});
}

Failure RunsElsewhere(const std::string& model, const std::string& host) {
  return {FailureKind::kModelMissing,
          fmt::format("{} runs on another computer ({}), where this server's num_ctx and num_batch "
                      "mean nothing; name a model that runs on the server itself",
                      model, host),
          {},
          1};
}

Expected<std::optional<LoadedModel>, Failure> AskLoaded(OllamaApi& api, const std::string& model) {
  const auto running = api.Running();
  if (!running) return Unexpected<Failure>(running.error());
  for (const RunningModel& loaded : *running) {
    if (!IsSameModelName(loaded.name, model)) continue;
    return LoadedModel{loaded.digest, loaded.context_length, loaded.size_bytes,
                       loaded.size_vram_bytes};
  }
  return std::optional<LoadedModel>();
}

}  // namespace

bool IsSilent(const Failure& failure) {
  return failure.kind == FailureKind::kServerUnavailable && failure.output_tail.empty();
}

Expected<std::string, Failure> ReachServer(OllamaApi& api) {
  auto version = api.Version();
  if (!version && IsSilent(version.error())) {
    if (const auto proxy = FindClientProxy(api.address())) {
      version.error().message += "; " + DescribeProxy(*proxy);
      return version;
    }
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
  if (!found->remote_host.empty()) {
    return Unexpected<Failure>(RunsElsewhere(found->name, found->remote_host));
  }
  // A server that does not say more of it is asked again with the first run.
  if (const auto details = api.Show(found->name)) {
    if (auto step = CheckMeasurable(found->name, *details); !step) {
      return Unexpected<Failure>(step.error());
    }
  }
  return *found;
}

Expected<void, Failure> CheckMeasurable(const std::string& model, const ModelDetails& details) {
  if (!details.remote_host.empty()) {
    return Unexpected<Failure>(RunsElsewhere(model, details.remote_host));
  }
  const auto can = [&](std::string_view what) {
    return std::find(details.capabilities.begin(), details.capabilities.end(), what) !=
           details.capabilities.end();
  };
  std::string_view instead;
  if (can("image")) {
    instead = "makes pictures";
  } else if (can("embedding")) {
    instead = "makes embeddings";
  } else if (!details.capabilities.empty() && !can("completion")) {
    instead = "does not answer with text";
  }
  if (instead.empty()) return {};
  return Unexpected<Failure>(
      Failure{FailureKind::kModelMissing,
              fmt::format("{} {} (its capabilities: {}), so there is no prefill or decode rate to "
                          "measure; name a model with the capability \"completion\"",
                          model, instead, fmt::join(details.capabilities, ", ")),
              {},
              1});
}

Expected<std::vector<std::string>, Failure> OtherModelsLoaded(OllamaApi& api,
                                                              const std::string& own) {
  const auto running = api.Running();
  if (!running) return Unexpected<Failure>(running.error());
  std::vector<std::string> others;
  for (const RunningModel& model : *running) {
    const bool is_ours =
        IsSameModelName(model.name, own) || model.name.starts_with(kTemporaryModelPrefix);
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
