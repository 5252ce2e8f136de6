#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ollama_bench/workload/stream_record.h"

namespace ollama_bench {

/// How far what a client saw of streamed requests is from what the simulator wrote down. The truth
/// is noted just before a write, so that an error holds the time of the write itself.
struct Accuracy {
  std::vector<double> ttft_ms;         ///< errors of the time from sending to the first text
  std::vector<double> first_chunk_ms;  ///< errors of the time at which the first chunk came
  std::vector<double> gap_ms;          ///< errors of the time between two chunks
  std::size_t chunks = 0;              ///< lines that came, last lines too
  std::size_t lost = 0;                ///< lines that were written and did not come
  std::size_t merged = 0;
  std::size_t unstamped = 0;
  std::size_t not_done = 0;  ///< requests
};

/// What the simulator wrote down of a request.
struct TrueRequest {
  std::int64_t came_ns = 0;
  std::vector<std::int64_t> flushes_ns;
  std::string outcome;
};

/// By the first words of the prompts. Waits until there are `count`; throws std::runtime_error
/// after ten seconds.
std::map<std::string, TrueRequest> ReadTruth(const std::string& path, std::size_t count);

void Compare(const StreamRecord& record, const TrueRequest& truth, Accuracy& accuracy);

/// The value below which a share of the magnitudes lies.
double Quantile(std::vector<double> values, double share);

}  // namespace ollama_bench
