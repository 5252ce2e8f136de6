#pragma once

#include <deque>
#include <vector>

#include "ollama_bench/process/process_runner.h"

namespace ollama_bench {

/// Starts nothing: remembers what it was asked to run, and answers with the queued outcomes.
class FakeProcessRunner : public ProcessRunner {
 public:
  ProcessOutcome Run(const ProcessRequest& request, const StopRequest&) override {
    requests.push_back(request);
    if (outcomes.empty()) return {};
    ProcessOutcome outcome = outcomes.front();
    outcomes.pop_front();
    return outcome;
  }

  std::deque<ProcessOutcome> outcomes;  ///< one per call; then "not started"
  std::vector<ProcessRequest> requests;
};

}  // namespace ollama_bench
