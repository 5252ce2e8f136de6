#pragma once

#include <string>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/analysis/slice.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/comparison_text.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// The comparison as a picture: the change of each cell in per cent, coloured where it is
/// significant (blue: better, red: worse), blank where it is not, hatched where a cell was not
/// measured in both; parameters beyond two give one table for each of their values. At least one
/// cell was measured in either. An error in words where there is no such slice.
Expected<Scene, std::string> LayOutDifference(const SweepComparison& comparison,
                                              const ComparisonCaption& caption, const Font& font,
                                              const Slice& slice = {});

}  // namespace ollama_bench
