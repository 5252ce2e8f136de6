#pragma once

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/render/comparison_text.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// The comparison as a picture: the change of each cell in per cent, coloured where it is
/// significant (blue: better, red: worse), blank where it is not, hatched where a cell was not
/// measured in both. At least one cell was measured in either.
Scene LayOutDifference(const SweepComparison& comparison, const ComparisonCaption& caption,
                       const Font& font);

}  // namespace ollama_bench
