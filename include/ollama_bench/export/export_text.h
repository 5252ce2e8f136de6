#pragma once

#include <functional>
#include <string_view>

#include "ollama_bench/export/export_format.h"
#include "ollama_bench/export/export_input.h"

namespace ollama_bench {

/// Takes the parts of a text in their order.
using TextSink = std::function<void(std::string_view)>;

/// Writes `input` in the format. Two exports of the same input are the same text.
void WriteExport(ExportFormat format, const ExportInput& input, const TextSink& sink);

}  // namespace ollama_bench
