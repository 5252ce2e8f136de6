#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/core/random.h"

namespace ollama_bench {

/// Results of load on a made-up server of four slots: each request is alone in its slot for a
/// second, and what is more waits.
struct MadeLoad {
  std::vector<CellResult> results;
  RequestsOfWindows requests;

  /// Two windows of the level, or as many as asked.
  void AddLevel(const Cell& cell, int requests_of_window = 72, int windows = 2) {
    constexpr double kSlots = 4;
    const bool is_open = cell.Sets(Parameter::kRequestRate);
    const double users = is_open ? cell[Parameter::kRequestRate] / 1000.0
                                 : static_cast<double>(cell[Parameter::kConcurrency]);
    const double wait_s = std::max(0.0, users / kSlots - 1);
    CellResult& result = results.emplace_back();
    result.cell = cell;
    for (int i = 0; i < windows; ++i) {
      Sample& sample = result.samples.emplace_back();
      sample.id = "w" + std::to_string(next_++);
      const double length_s = requests_of_window / std::min(users, kSlots);
      const double noise = std::exp(0.01 * random_.Normal());
      Window& window = sample.window.emplace();
      window.duration = std::chrono::nanoseconds(static_cast<std::int64_t>(length_s * noise * 1e9));
      window.requests = window.completed = requests_of_window;
      window.output_tokens = requests_of_window * std::int64_t{10};
      window.mean_in_flight = users;
      AddRequests(requests[sample.id], requests_of_window, wait_s, length_s);
    }
  }
  [[nodiscard]] std::vector<LoadSeries> Answer() const { return AnswerLoad(results, requests, {}); }

 private:
  void AddRequests(std::vector<RequestFigures>& all, int count, double wait_s, double length_s) {
    for (int i = 0; i < count; ++i) {
      RequestFigures& request = all.emplace_back();
      request.end = "done";
      const double wait = wait_s * (1 + 0.1 * random_.Uniform());
      request.e2e_s = wait + 1 + 0.1 * random_.Uniform();
      request.due_s = length_s * (i + 1) / count - request.e2e_s;
      request.ttft_s = wait + 0.1;
      request.tpot_s = 0.1 + 0.01 * random_.Uniform();
      request.queue_s = wait;
      request.output_tokens = 10;
    }
  }

  Random random_{7};
  int next_ = 0;
};

}  // namespace ollama_bench
