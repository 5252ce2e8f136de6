#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/ollama_api.h"

namespace ollama_bench {

/// What the "parameters" text of /api/show, or the PARAMETER lines of a Modelfile, set of how a
/// model is loaded: name and value separated by blanks, the last of a name counts.
Cell ReadParameters(std::string_view text);

/// What the user has without this program.
struct PresentSetting {
  Cell cell;
  std::string source;  ///< "Modelfile" where at least one value is named, else "Ollama default"
};

/// Whether a model may be loaded to find something out.
enum class MayLoad { kNo, kYes };

/// The setting that `named` and the server's defaults make. Where the release's default context
/// depends on the memory, `model` is loaded once, without options, to see it, if that is allowed.
/// Empty where it cannot be told.
std::optional<PresentSetting> FindPresentSetting(const Cell& named, const std::string& model,
                                                 OllamaApi& api, Clock& clock,
                                                 const StopRequest& stop, MayLoad may_load);

}  // namespace ollama_bench
