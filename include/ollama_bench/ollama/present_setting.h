#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/ollama_api.h"

namespace ollama_bench {

/// What `parameters`, of a Modelfile (see Modelfile::Parameters) or of a model, set of how a model
/// is loaded. Of a repeated name the last counts; values with a meaning of their own (-1) set
/// nothing.
Cell ReadParameters(const std::vector<std::pair<std::string, std::string>>& parameters);

/// The names and values of the "parameters" text of /api/show: a line each, the name filled up with
/// blanks, texts as Go writes them.
std::vector<std::pair<std::string, std::string>> SplitShownParameters(std::string_view text);

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
