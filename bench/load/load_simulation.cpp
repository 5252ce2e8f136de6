// How often what `load` says is true, in windows of a simulated server that cost no time: the knee,
// the intervals of throughput and of percentiles, queue waits, and what is said of an objective.
//   ./load_simulation [--runs 200] [--windows 2] [--noise 0] [--jitter 0.1] [--seed 1]
// All figures are of a simulated server of known law.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/workload/window.h"
#include "support/simulator/simulated_client.h"

namespace ollama_bench {
namespace {

constexpr int kMostUsers = 12;
constexpr int kMostSlots = 8;
constexpr int kTruthRequests = 40'000;
constexpr double kObjectivePercent = 95;

struct Options {
  int runs = 200;
  int windows = 2;
  double noise = 0;
  double jitter = 0.1;
  std::uint64_t seed = 1;
};

StreamRequest Asking(int tokens) {
  StreamRequest request;
  request.body = fmt::format(
      R"({{"model":"simulated","prompt":"a b c","options":{{"num_predict":{}}}}})", tokens);
  return request;
}

WindowReport Measure(const Options& options, int slots, int users, int requests,
                     std::uint64_t seed) {
  const auto law = simulator::ParseLaw(fmt::format(
      R"({{"slots":{},"prefill_s":{{"a":0.1,"b":0}},"step_s":0.02,"step_slope":0.05,"jitter":{},"noise":{{"sigma":{},"block_s":20}},"seed":{}}})",
      slots, options.jitter, options.noise, seed));
  if (!law) throw std::runtime_error(law.error());
  simulator::SimulatedClient client(*law);
  WindowPlan plan;
  plan.concurrency = users;
  plan.num_predict = 32;
  plan.traffic.requests = requests;
  plan.seed = seed;
  const StopRequest stop;
  auto report = RunWindow(plan, client, Asking, stop);
  if (!report) throw std::runtime_error(report.error().message);
  return std::move(*report);
}

std::vector<double> LatenciesOf(const std::vector<RequestFigures>& requests) {
  std::vector<double> latencies;
  for (const RequestFigures& request : requests) {
    if (request.part == WindowPart::kMeasured) latencies.push_back(request.IntendedE2e());
  }
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

/// What is true of a level.
struct Truth {
  double throughput = 0;
  std::vector<double> latencies;  ///< ascending

  [[nodiscard]] double Quantile(double share) const {
    const double rank = std::ceil(share * static_cast<double>(latencies.size()));
    return latencies[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  }
  [[nodiscard]] double ShareWithin(double limit) const {
    const auto above = std::upper_bound(latencies.begin(), latencies.end(), limit);
    return static_cast<double>(above - latencies.begin()) / static_cast<double>(latencies.size());
  }
};

/// A count of what came true.
struct Tally {
  int held = 0;
  int all = 0;

  void Add(bool is_held) {
    held += is_held ? 1 : 0;
    ++all;
  }
  [[nodiscard]] std::string Text() const {
    return fmt::format("{} of {} ({:.1f} %)", held, all, 100.0 * held / std::max(all, 1));
  }
};

// The probability with which an interval of these two of the ascending values holds the quantile.
double ComputedCoverage(const std::vector<double>& values, const Interval& interval, double share) {
  const auto rank = [&values](double value) {
    return static_cast<double>(std::lower_bound(values.begin(), values.end(), value) -
                               values.begin()) +
           1;
  };
  const boost::math::binomial below(static_cast<double>(values.size()), share);
  return cdf(below, rank(interval.high) - 1) - cdf(below, rank(interval.low) - 1);
}

/// Runs all and counts.
class Evaluation {
 public:
  explicit Evaluation(Options options) : options_(options) {}

  void Run() {
    for (int run = 0; run < options_.runs; ++run) {
      const int slots = 1 + run % kMostSlots;
      One(slots, options_.seed + static_cast<std::uint64_t>(run) * 1000);
    }
    fmt::print(
        "simulated: {} runs of {} levels, {} windows of 72 requests; jitter {} a request, "
        "noise {} of each 20 s\n",
        options_.runs, kMostUsers, options_.windows, options_.jitter, options_.noise);
    fmt::print("knee = slots           {}\n", knee_.Text());
    fmt::print("knee decided           {}\n", decided_.Text());
    fmt::print("throughput             {}\n", throughput_.Text());
    for (const auto& [users, tally] : by_users_) {
      fmt::print("  {:>2} users             {}\n", users, tally.Text());
    }
    for (const auto& [share, tally] : percentiles_) {
      fmt::print("p{:<2} of e2e, no queue    {}; computed {:.1f} %\n", 100 * share, tally.Text(),
                 100 * computed_[share] / std::max(tally.all, 1));
    }
    fmt::print("objective stated right {}; it names a level in {}\n", capacity_.Text(), named_);
  }

 private:
  const Truth& TruthOf(int slots, int users) {
    const auto [found, is_new] = truths_.try_emplace({slots, users});
    if (is_new) {
      const WindowReport report = Measure(options_, slots, users, kTruthRequests, 999'983);
      found->second.throughput = *OutputThroughput(report.window);
      found->second.latencies = LatenciesOf(report.requests);
    }
    return found->second;
  }

  void One(int slots, std::uint64_t seed) {
    std::vector<CellResult> results;
    RequestsOfWindows requests;
    for (int users = 1; users <= kMostUsers; ++users) {
      CellResult& result = results.emplace_back();
      result.cell.Set(Parameter::kConcurrency, users);
      for (int window = 0; window < options_.windows; ++window) {
        WindowReport report = Measure(options_, slots, users, 72, ++seed);
        Sample& sample = result.samples.emplace_back();
        sample.id = fmt::format("{}-{}", users, window);
        sample.window = report.window;
        requests[sample.id] = std::move(report.requests);
      }
    }
    // A limit that the level of half the slots just meets or misses.
    const double limit = TruthOf(slots, std::max(1, slots / 2)).Quantile(kObjectivePercent / 100);
    const Objective objective{LatencyKind::kE2e, static_cast<int>(kObjectivePercent),
                              std::chrono::nanoseconds(std::llround(limit * 1e9))};
    Count(slots, AnswerLoad(results, requests, {objective}).front(), requests, limit);
  }

  void Count(int slots, const LoadSeries& series, const RequestsOfWindows& requests, double limit) {
    knee_.Add(series.knee->concurrency == slots);
    decided_.Add(series.knee->high == series.knee->concurrency);
    for (const LevelEstimate& level : series.levels) {
      const int users = level.cell[Parameter::kConcurrency];
      const Truth& truth = TruthOf(slots, users);
      const Interval& interval = *level.output_tokens_per_s->interval;
      const bool is_held = interval.low <= truth.throughput && truth.throughput <= interval.high;
      throughput_.Add(is_held);
      by_users_[users].Add(is_held);
      if (users > slots) continue;
      std::vector<RequestFigures> all;
      for (int window = 0; window < options_.windows; ++window) {
        const auto& of_window = requests.at(fmt::format("{}-{}", users, window));
        all.insert(all.end(), of_window.begin(), of_window.end());
      }
      const std::vector<double> values = LatenciesOf(all);
      for (const auto& [share, quantile] :
           {std::pair{0.5, level.e2e.p50}, std::pair{0.95, level.e2e.p95}}) {
        const double true_value = truth.Quantile(share);
        percentiles_[share].Add(quantile->interval.low <= true_value &&
                                true_value <= quantile->interval.high);
        computed_[share] += ComputedCoverage(values, quantile->interval, share);
      }
    }
    const auto& stated = series.capacity->level;
    named_ += stated ? 1 : 0;
    capacity_.Add(!stated ||
                  TruthOf(slots, (*stated)[Parameter::kConcurrency]).ShareWithin(limit) >=
                      kObjectivePercent / 100);
  }

  Options options_;
  std::map<std::pair<int, int>, Truth> truths_;
  Tally knee_;
  Tally decided_;
  Tally throughput_;
  std::map<int, Tally> by_users_;
  std::map<double, Tally> percentiles_;
  std::map<double, double> computed_;
  Tally capacity_;
  int named_ = 0;
};

int Main(int argc, char** argv) {
  CLI::App app("How often what `load` says is true");
  Options options;
  app.add_option("--runs", options.runs);
  app.add_option("--windows", options.windows);
  app.add_option("--noise", options.noise);
  app.add_option("--jitter", options.jitter);
  app.add_option("--seed", options.seed);
  CLI11_PARSE(app, argc, argv);
  Evaluation(options).Run();
  return 0;
}

}  // namespace
}  // namespace ollama_bench

int main(int argc, char** argv) {
  try {
    return ollama_bench::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "load_simulation: {}\n", error.what());
    return 1;
  }
}
