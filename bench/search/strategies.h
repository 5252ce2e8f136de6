#pragma once

#include <cstddef>
#include <cstdint>

#include "search/rig.h"
#include "search/score.h"

namespace ollama_bench {

/// The adaptive search, which goes on to `horizon` measurements after its certificate.
Trace RunSearch(Rig& rig, std::size_t horizon, std::uint64_t seed);
/// Cells in random order, none twice; the answer is the highest reading.
Trace RunRandom(Rig& rig, std::size_t horizon, std::uint64_t seed);
/// A coarse grid of 5 × 4 cells, then finer and finer around the highest reading.
Trace RunCoarseToFine(Rig& rig, std::size_t horizon);
/// Every cell once in grid order, the highest reading crowned: the old script.
Trace RunFullGrid(Rig& rig);

}  // namespace ollama_bench
