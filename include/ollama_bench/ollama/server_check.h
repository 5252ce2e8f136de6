#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/workload/driver.h"

namespace ollama_bench {

// What the drivers that talk to a server ask of it in the same way.

/// How the names of our temporary models begin, unless the user gives another.
inline constexpr std::string_view kTemporaryModelPrefix = "ollama-bench-";

/// Whether nothing answered at all: what a proxy or another program said has its own remedy.
bool IsSilent(const Failure& failure);

/// The server's version, or a failure that says how to start or to name a server.
Expected<std::string, Failure> ReachServer(OllamaApi& api);

/// The model `name` as the server has it, or a kModelMissing that names the nearest spelling, or
/// says why it cannot be measured (see CheckMeasurable). Nothing is ever pulled.
Expected<ModelListing, Failure> RequireModel(OllamaApi& api, const std::string& name);

/// That `model` runs on the server itself and answers with text; the kModelMissing says what it
/// does instead.
Expected<void, Failure> CheckMeasurable(const std::string& model, const ModelDetails& details);

/// Names of the models in the server's memory other than `own` and temporary ones of other sweeps,
/// which are not there to stay and not the user's to stop.
Expected<std::vector<std::string>, Failure> OtherModelsLoaded(OllamaApi& api,
                                                              const std::string& own);

/// `model` as it is loaded now; empty when it is not, or it is not known.
std::optional<LoadedModel> FindLoaded(OllamaApi& api, const std::string& model);

/// Takes `model` out of the server's memory and waits until it is out, at most half a minute. After
/// a stop request, too, for it is part of stopping cleanly, but then it waits no more than 3 s. A
/// failure where the server did not take the wish.
Expected<void, Failure> UnloadAndWait(OllamaApi& api, Clock& clock, const StopRequest& stop,
                                      const std::string& model);

}  // namespace ollama_bench
