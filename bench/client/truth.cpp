#include "client/truth.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace ollama_bench {
namespace {

std::int64_t Count(StreamRecord::Time time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

double Milliseconds(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}

}  // namespace

std::map<std::string, TrueRequest> ReadTruth(const std::string& path, std::size_t count) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::map<std::string, TrueRequest> requests;
  while (requests.size() < count) {
    if (std::chrono::steady_clock::now() > until) {
      throw std::runtime_error("the truth of some requests is missing");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    requests.clear();
    std::ifstream file(path);
    for (std::string line; std::getline(file, line) && !file.eof();) {
      const auto told = nlohmann::json::parse(line);
      requests[told.at("id")] = {told.at("came_ns"), told.at("flushes_ns"), told.at("outcome")};
    }
  }
  return requests;
}

void Compare(const StreamRecord& record, const TrueRequest& truth, Accuracy& accuracy) {
  std::vector<std::int64_t> arrivals;
  for (const StreamChunk& chunk : record.chunks) arrivals.push_back(Count(chunk.arrived));
  if (record.done) arrivals.push_back(Count(*record.done));
  accuracy.chunks += arrivals.size();
  accuracy.merged += record.merged_chunks;
  accuracy.unstamped += record.unstamped_reads;
  if (record.end != StreamEnd::kDone) ++accuracy.not_done;
  const std::vector<std::int64_t>& flushes = truth.flushes_ns;
  if (arrivals.size() < flushes.size()) accuracy.lost += flushes.size() - arrivals.size();
  if (record.sent && record.first_text && !flushes.empty()) {
    const std::int64_t first = Count(*record.first_text);
    accuracy.first_chunk_ms.push_back(Milliseconds(first - flushes[0]));
    const std::int64_t true_ttft = flushes[0] - truth.came_ns;
    accuracy.ttft_ms.push_back(Milliseconds(first - Count(*record.sent) - true_ttft));
  }
  for (std::size_t i = 1; i < std::min(arrivals.size(), flushes.size()); ++i) {
    const std::int64_t gap = arrivals[i] - arrivals[i - 1];
    accuracy.gap_ms.push_back(Milliseconds(gap - (flushes[i] - flushes[i - 1])));
  }
}

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  for (double& value : values) value = std::abs(value);
  const auto index = std::min(static_cast<std::size_t>(share * static_cast<double>(values.size())),
                              values.size() - 1);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

}  // namespace ollama_bench
