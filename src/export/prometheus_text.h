#pragma once

#include "ollama_bench/export/export_text.h"

namespace ollama_bench {

/// Metrics in the text format of Prometheus: one set of series for each file, in base units. Their
/// labels are the file, its model, workload and host; no cell, no label of a user, so that the
/// number of series does not grow with what is measured.
void WritePrometheus(const ExportInput& input, const TextSink& sink);

}  // namespace ollama_bench
