#pragma once

#include <cstddef>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/telemetry.h"
#include "ollama_bench/core/window.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

/// More rows cannot be distinguished; of a longer window the first requests are drawn.
inline constexpr std::size_t kMostTimelineRows = 600;

/// One window of the level over time: a row for each request, in the order of sending, from when it
/// was sent to its end, with its wait for the first token and its tokens; below, on the same scale,
/// how many are in flight, and what the server's machine did, as far as there are readings of it:
/// use of CPUs and GPUs, memory, power. The measured stretch is shaded. The request of the
/// calibration is left out.
Scene LayOutTimeline(const Window& window, const std::vector<RequestFigures>& requests,
                     const Cell& level, const SweepCaption& caption, const Font& font,
                     const TelemetryRecord& telemetry = {});

}  // namespace ollama_bench
