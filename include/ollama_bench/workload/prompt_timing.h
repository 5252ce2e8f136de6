#pragma once

#include <vector>

#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/workload/stream_record.h"

namespace ollama_bench {

/// The times of a record of `prompts`, as both clocks have them.
PromptTiming TimingOf(const StreamRecord& record);

/// Milliseconds from one chunk with text or thinking to the next, the last one to the last line.
std::vector<double> StepTimes(const StreamRecord& record);

}  // namespace ollama_bench
