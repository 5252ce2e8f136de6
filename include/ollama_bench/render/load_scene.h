#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

/// Levels of load as panels over the level: output throughput and tokens/s of each request with
/// their 95 % CI, queue wait, TTFT, TPOT and E2E as p50 and p95 with theirs; a line style for each
/// series. The knee is marked, where it is known. `series`: at least one and at most kMostLines
/// (line_scene.h), all of one kind of traffic, with one level at least. `notes` are sentences at
/// the foot, before those on the levels.
Scene LayOutLoad(const std::vector<LoadSeries>& series, const SweepCaption& caption,
                 const std::vector<std::string>& notes, const Font& font);

}  // namespace ollama_bench
