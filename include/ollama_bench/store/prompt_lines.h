#pragma once

#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/prompt_record.h"

namespace ollama_bench {

/// How every line of FormatPromptLine begins.
inline constexpr std::string_view kPromptLineStart = "{\"id\":";

/// The record as one line of JSON, without its end; src/store/FORMAT.md describes it. Times are
/// rounded to a microsecond.
std::string FormatPromptLine(const PromptRecord& record);

/// What such a line holds; why it is none otherwise. Unknown keys are allowed.
Expected<PromptRecord, std::string> ParsePromptLine(std::string_view line);

}  // namespace ollama_bench
