#pragma once

#include <string>
#include <vector>

#include "ollama_bench/analysis/scale_report.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

/// What grows with the prompt, as panels over its length: time and rate of the prefill, rate of the
/// decode, memory of the loaded model and the share of it on the GPU. Points with their 95 %
/// interval, laws as curves with their 95 % band, dashed where they extrapolate (to 1.25 times the
/// longest length at most); a breakpoint is a dashed line in its interval. A line style for each
/// series. `series`: at least one and at most kMostLines (line_scene.h), with one point at least
/// each. `notes` are sentences at the foot, before those on the points. The number of prompt tokens
/// of the caption is not shown.
Scene LayOutScale(const std::vector<ScaleSeries>& series, const SweepCaption& caption,
                  const std::vector<std::string>& notes, const Font& font);

}  // namespace ollama_bench
