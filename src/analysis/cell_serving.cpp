#include "ollama_bench/analysis/cell_serving.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "ollama_bench/core/median.h"

namespace ollama_bench {
namespace {

// The first sample of each load that has the sizes; all samples of a load have the same.
std::vector<const Sample*> OnePerLoad(const CellResult& result) {
  std::vector<const Sample*> samples;
  std::set<std::int64_t> loads;
  for (const Sample& sample : result.samples) {
    if (!GpuShare(sample)) continue;
    if (sample.load_id != 0 && !loads.insert(sample.load_id).second) continue;
    samples.push_back(&sample);
  }
  return samples;
}

}  // namespace

std::optional<double> GpuShare(const Sample& sample) {
  if (!sample.size_bytes || !sample.size_vram_bytes || *sample.size_bytes <= 0) return std::nullopt;
  const double share =
      static_cast<double>(*sample.size_vram_bytes) / static_cast<double>(*sample.size_bytes);
  return std::clamp(share, 0.0, 1.0);
}

CellServing ServingOf(const CellResult& result) {
  CellServing serving;
  std::vector<double> shares;
  std::vector<double> bytes;
  std::vector<double> rates;
  for (const VisitRecord& visit : result.visits) {
    const auto rate = visit.decode ? DecodeRate(*visit.decode) : std::nullopt;
    if (rate) rates.push_back(*rate);
  }
  serving.decode_rate = Median(std::move(rates));
  for (const Sample* sample : OnePerLoad(result)) {
    shares.push_back(*GpuShare(*sample));
    bytes.push_back(static_cast<double>(*sample->size_bytes));
  }
  serving.gpu_share = Median(std::move(shares));
  if (const auto median = Median(std::move(bytes))) serving.memory_bytes = std::llround(*median);
  return serving;
}

}  // namespace ollama_bench
