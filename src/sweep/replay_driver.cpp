#include "ollama_bench/sweep/replay_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;

// The same for an index whenever it is asked.
double Normal(std::uint64_t seed, std::uint64_t index) {
  return Random(Random(seed).Bits() + index).Normal();
}

double RateOf(const Sample& sample) {
  return Describe(Metric::kPromptEvalRate).value(sample).value_or(0);
}

void Lengthen(std::optional<nanoseconds>& duration, nanoseconds more) {
  if (duration) *duration += more;
}

// The run as if its prompt had been read at `rate` tokens/s.
RunReport AtRate(const Sample& sample, double rate) {
  RunReport report{sample.metrics, nanoseconds(0)};
  RunMetrics& metrics = report.metrics;
  std::optional<nanoseconds> wall = sample.wall;
  if (metrics.prompt_eval) {
    const double ratio = RateOf(sample) / rate;
    const nanoseconds more(
        std::llround(static_cast<double>(metrics.prompt_eval->count()) * (ratio - 1.0)));
    Lengthen(metrics.prompt_eval, more);
    Lengthen(metrics.total, more);
    Lengthen(wall, more);
  }
  if (metrics.printed_prompt_eval_rate) metrics.printed_prompt_eval_rate = rate;
  report.wall = wall.value_or(metrics.total.value_or(nanoseconds(0)));
  return report;
}

}  // namespace

ReplayDriver::ReplayDriver(const Recording& recording, ServerFacts facts, ReplayOptions options)
    : recording_(recording), facts_(std::move(facts)), options_(options), run_(options.first_run) {}

Expected<PreparedCell, Failure> ReplayDriver::Prepare(const Cell& cell) {
  cell_ = recording_.Find(cell);
  if (cell_ == nullptr) {
    return Unexpected<Failure>(Failure{
        FailureKind::kNotRecorded, fmt::format("the recording has no {}", NameOf(cell)), {}, 1});
  }
  if (const Failure* failure = FailureOf(*cell_)) return Unexpected<Failure>(*failure);
  return PreparedCell{};
}

Expected<RunReport, Failure> ReplayDriver::Run(std::string_view /*prompt*/) {
  const std::vector<const Sample*> counted = CountedOf(*cell_);
  const Sample& sample = *counted[given_[cell_]++ % counted.size()];
  const double factor = NextFactor();
  if (options_.noise == 0) return AtRate(sample, RateOf(sample));
  return AtRate(sample, MedianPromptEvalRate(*cell_).value() * factor);
}

Expected<RunMetrics, Failure> ReplayDriver::Decode(int /*tokens*/) {
  return Unexpected<Failure>(
      Failure{FailureKind::kNotRecorded, "a recording generates nothing", {}, 1});
}

double ReplayDriver::NextFactor() {
  return std::exp(options_.noise * Normal(options_.seed, run_++));
}

std::optional<LoadedModel> ReplayDriver::Loaded() {
  const Sample& sample = *CountedOf(*cell_).front();
  if (!sample.size_bytes) return std::nullopt;
  return LoadedModel{{},
                     sample.effective_context,
                     *sample.size_bytes,
                     sample.size_vram_bytes.value_or(0),
                     sample.effective_server};
}

}  // namespace ollama_bench
