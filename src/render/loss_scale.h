#pragma once

#include <span>

#include "ollama_bench/render/ink.h"

namespace ollama_bench {

/// One step of the colours of a heatmap: how much worse than the best a cell is.
struct LossClass {
  double from = 0;  ///< relative loss, included
  double to = 0;    ///< excluded; infinite for the last
  Ink ink;
};

/// From the smallest loss to the largest: 0, 2, 5, 10, 20, 40 %. The further from the best, the
/// further from the paper in lightness, so that the order needs no hue.
std::span<const LossClass> LossClasses();
/// The class of a loss of 0 or more.
const LossClass& LossClassOf(double loss);

}  // namespace ollama_bench
