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
  std::string source;  ///< where it is from, a few words: "Modelfile", "asked of the server"
};

/// What came of the question for it.
struct FoundSetting {
  std::optional<PresentSetting> setting;
  bool needs_load = false;  ///< only a load can tell it, which was not allowed
  std::string why_not;      ///< why it stays unknown, else empty
};

/// Whether a model may be loaded to find something out.
enum class MayLoad { kNo, kYes };

/// What may be known of a server without asking it.
struct SeenServer {
  /// OLLAMA_CONTEXT_LENGTH in the environment of its process, empty text where it is not set there.
  /// Empty: that process is not seen.
  std::optional<std::string> context_variable = {};
};

/// The setting that `named` and the server's defaults make. A context that the model does not name
/// is the server's: as its environment says, else as /api/ps reports it of `model`, loaded once
/// without options, if that is allowed. Only where a release reports none is its usual default
/// assumed, which `source` then says.
FoundSetting FindPresentSetting(const Cell& named, const std::string& model, OllamaApi& api,
                                Clock& clock, const StopRequest& stop, MayLoad may_load,
                                const SeenServer& seen = {});

}  // namespace ollama_bench
