#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/store/request_log.h"

namespace ollama_bench {

/// How every line of FormatPromptLine begins.
inline constexpr std::string_view kPromptLineStart = "{\"id\":";

/// The record as one line of JSON, without its end; src/store/FORMAT.md describes it. Times are
/// rounded to a microsecond.
std::string FormatPromptLine(const PromptRecord& record);

/// What such a line holds; why it is none otherwise. Unknown keys are allowed.
Expected<PromptRecord, std::string> ParsePromptLine(std::string_view line);

/// Gives each record of the output of `prompts` at `path`, in their order. Errors as those of
/// ReadRequestLog; kDamaged for a line that is none, too.
Expected<LogContent, StoreError> ReadPromptRecords(
    FileSystem& file_system, const std::filesystem::path& path,
    const std::function<void(PromptRecord record)>& on_record);

}  // namespace ollama_bench
