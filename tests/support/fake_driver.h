#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/workload/driver.h"
#include "support/fake_clock.h"

namespace ollama_bench {

/// An Ollama in miniature: counts a token per four bytes and four of a template, cuts prompts to
/// the context as v0.11.4 does, reads at a rate that depends on the cell. Failures are queued by
/// the test.
class FakeDriver : public Driver {
 public:
  explicit FakeDriver(FakeClock& clock) : clock_(clock) {}

  [[nodiscard]] std::string_view name() const override { return "cli"; }
  Expected<ServerFacts, Failure> Connect() override {
    ++connects;
    if (auto failure = Take(connect_failures)) return Unexpected<Failure>(*failure);
    return facts;
  }
  [[nodiscard]] std::vector<std::string> TemporaryModels() const override {
    return {"ollama-bench-test"};
  }
  Expected<PreparedCell, Failure> Prepare(const Cell& cell) override {
    if (auto failure = Take(prepare_failures)) return Unexpected<Failure>(*failure);
    cell_ = cell;
    template_is_cached_ = false;
    prepared.push_back(cell);
    clock_.Advance(std::chrono::milliseconds(30));
    return PreparedCell{std::chrono::milliseconds(30), stays_loaded};
  }
  Expected<RunReport, Failure> Run(std::string_view prompt) override {
    prompts.emplace_back(prompt);
    if (on_run) on_run();
    if (auto failure = Take(run_failures)) return Unexpected<Failure>(*failure);
    return Answer(prompt);
  }
  Expected<void, Failure> ForgetPrompt() override {
    ++forgotten;
    template_is_cached_ = false;
    return {};
  }
  Expected<RunMetrics, Failure> Decode(int tokens) override {
    ++decodes;
    if (on_decode) on_decode();
    if (auto failure = Take(decode_failures)) return Unexpected<Failure>(*failure);
    RunMetrics metrics;
    metrics.eval_count = tokens;
    metrics.eval = std::chrono::milliseconds(20) * (tokens - 1);
    return metrics;
  }
  std::optional<LoadedModel> Loaded() override {
    return LoadedModel{"sha256:abc", effective_context.value_or(cell_[Parameter::kNumCtx]), 1000,
                       600};
  }
  std::vector<std::string> OtherModels() override { return facts.other_models_loaded; }
  Expected<void, Failure> CleanUp() override {
    ++clean_ups;
    return {};
  }

  static Failure Fail(FailureKind kind) { return {kind, "as the test wants", "", 1}; }

  ServerFacts facts{"0.11.4", "sha256:base", 8192, {}, true, 11434};
  std::deque<std::optional<Failure>> connect_failures;  ///< one per call; empty: none
  std::deque<std::optional<Failure>> prepare_failures;
  std::deque<std::optional<Failure>> run_failures;
  std::deque<std::optional<Failure>> decode_failures;
  std::optional<std::int64_t> effective_context;
  bool stays_loaded = false;  ///< the next cell is served by the same load
  std::function<void()> on_run;
  std::function<void()> on_decode;
  std::map<Cell, double> rates;    ///< tokens/s; 300 where none is given
  std::int64_t system_tokens = 0;  ///< before each prompt, and cached after the first
  double cached_share = 0;         ///< of a prompt, as newer builds report it
  std::vector<Cell> prepared;
  std::vector<std::string> prompts;
  int connects = 0;
  int clean_ups = 0;
  int forgotten = 0;
  int decodes = 0;

 private:
  static std::optional<Failure> Take(std::deque<std::optional<Failure>>& queue) {
    if (queue.empty()) return std::nullopt;
    auto failure = queue.front();
    queue.pop_front();
    return failure;
  }

  Expected<RunReport, Failure> Answer(std::string_view prompt) {
    const auto tokens =
        std::min<std::int64_t>(static_cast<std::int64_t>(prompt.size()) / 4 + 4 + system_tokens,
                               cell_[Parameter::kNumCtx]);
    const auto found = rates.find(cell_);
    const double rate = found == rates.end() ? 300 : found->second;
    RunReport report;
    report.metrics.prompt_eval_count = tokens;
    if (cached_share > 0) {
      report.metrics.prompt_eval_cached =
          static_cast<std::int64_t>(static_cast<double>(tokens) * cached_share);
    }
    report.metrics.prompt_eval = std::chrono::nanoseconds(
        static_cast<std::int64_t>(1e9 * static_cast<double>(tokens) / rate));
    // The server counts the template but does not read it again.
    if (template_is_cached_) {
      *report.metrics.prompt_eval -= std::chrono::nanoseconds(
          static_cast<std::int64_t>(1e9 * static_cast<double>(system_tokens) / rate));
    }
    template_is_cached_ = true;
    report.metrics.load = std::chrono::milliseconds(10);
    report.metrics.total = *report.metrics.prompt_eval + std::chrono::milliseconds(20);
    report.wall = *report.metrics.total + std::chrono::milliseconds(20);
    clock_.Advance(report.wall);
    return report;
  }

  FakeClock& clock_;
  Cell cell_;
  bool template_is_cached_ = false;
};

}  // namespace ollama_bench
