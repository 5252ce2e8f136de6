#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// What the user says of a start that the program cannot know, such as the commit that was
/// measured.
using Labels = std::map<std::string, std::string>;

/// Whether `text` can name a label: a letter, then letters, digits, '_', '-' and '.', 64 in all at
/// most. Parameters and "host" are names already.
bool IsLabelName(std::string_view text);

/// Reads "commit=1f0c2ab,branch=main" and adds it to `labels`. A value holds no comma and at most
/// 200 bytes of printable UTF-8. The error says in words what is wrong.
Expected<void, std::string> AddLabels(std::string_view text, Labels& labels);

}  // namespace ollama_bench
