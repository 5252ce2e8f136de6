#pragma once

#include "ollama_bench/core/axis.h"
#include "ollama_bench/render/sweep_caption.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The axes as the store's metadata has them; empty where it does not say.
Grid PlannedGrid(const Metadata& metadata);

/// What a report says about the store: GPUs of one kind are counted, and without any the CPU stands
/// for the hardware.
SweepCaption MakeCaption(const Metadata& metadata);

}  // namespace ollama_bench
