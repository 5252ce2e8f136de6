#pragma once

#include <string>
#include <vector>

#include "ollama_bench/cli/session_error.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// Removes the temporary models that an earlier start wrote into the store and did not live to
/// remove. A model of such a name with another digest than noted is somebody else's by now: it
/// stays, and its name is among those returned. To be called only while the store is locked.
Expected<std::vector<std::string>, Failure> RemoveLeftovers(
    const std::vector<TemporaryModel>& noted, OllamaApi& api);

/// Whether the server has a model of that name.
Expected<bool, Failure> HasModel(const std::string& name, OllamaApi& api);

/// That the server has none of the models that are about to be created; a model of the user's is
/// never taken for one of ours. kUsage names the one that is there, kEnvironment a server that does
/// not answer.
Expected<void, SessionError> CheckNamesAreFree(const std::vector<std::string>& names,
                                               OllamaApi& api);

}  // namespace ollama_bench
