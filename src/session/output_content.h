#pragma once

#include <optional>
#include <string_view>

#include "ollama_bench/session/output_file.h"

namespace ollama_bench {

/// As many bytes as RecogniseOutput needs: no configuration is longer.
inline constexpr std::size_t kRecognisedBytes = (std::size_t{1} << 20U) + 1;

/// Which kind of output a file holds that begins with `text`; empty: none of ours. A damaged
/// results file is recognised as well.
std::optional<OutputKind> RecogniseOutput(std::string_view text);

/// "a PNG picture"
std::string_view NameOf(OutputKind kind);

}  // namespace ollama_bench
