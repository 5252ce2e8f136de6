#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/expected.h"

namespace ollama_bench::stand_in {

/// The parts of a Modelfile that the stand-in acts on.
struct Modelfile {
  std::string from;  ///< the last
  std::vector<std::string> all_from = {};
  std::vector<std::pair<std::string, std::string>> parameters;  ///< in the order of the file
  std::string texts;  ///< TEMPLATE, SYSTEM and so on, joined: part of the digest
};

/// Reads a Modelfile as Ollama's own parser does: instructions in any case, parameter names as
/// written, `"…"` and `"""…"""` over several lines, `#` only at the start of a line. Written apart
/// from the product's rewriting, so that each checks the other. The error is what
/// `ollama create` prints after "Error: " (v0.11.4/create_*.stderr).
Expected<Modelfile, std::string> ParseModelfile(std::string_view text);

/// Empty, or why Ollama refuses the parameter: "unknown parameter 'x'", "invalid int value [x]".
std::string ParameterError(const std::string& name, const std::string& value);

}  // namespace ollama_bench::stand_in
