#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// Makes arbitrary values that a store must be able to hold.
class RandomValues {
 public:
  explicit RandomValues(unsigned seed) : engine_(seed) {}

  std::int64_t Between(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(engine_);
  }
  bool Chance(double probability) { return std::bernoulli_distribution(probability)(engine_); }

  std::string Text() {
    static constexpr std::array kPieces = {"a",  "Z",       "0",    " ",  "\"", "\\",
                                           "/",  "\n",      "µ",    "显", "😀",  "{\"id\": 1}",
                                           ", ", "\\u0000", "</a>", "[",  "]"};
    std::string text;
    for (auto i = Between(0, 8); i > 0; --i) {
      text += kPieces[static_cast<std::size_t>(Between(0, kPieces.size() - 1))];
    }
    return text;
  }
  std::chrono::nanoseconds Duration() {
    const int digits = static_cast<int>(Between(0, 14));
    std::int64_t most = 1;
    for (int i = 0; i < digits; ++i) most *= 10;
    return std::chrono::nanoseconds(Between(0, most));
  }
  double Rate() { return std::exp(std::uniform_real_distribution<double>(-3, 12)(engine_)); }

  template <class Make>
  auto Maybe(Make&& make) -> std::optional<decltype(make())> {
    if (Chance(0.3)) return std::nullopt;
    return make();
  }
  std::optional<std::int64_t> MaybeInteger() {
    return Maybe([&] { return Between(0, std::int64_t{1} << 53); });
  }
  std::optional<std::chrono::nanoseconds> MaybeDuration() {
    return Maybe([&] { return Duration(); });
  }

  Sample MakeSample(std::string id) {
    Sample sample;
    sample.id = std::move(id);
    sample.load_id = Between(0, 1'000'000);
    sample.role = static_cast<SampleRole>(Between(0, 3));
    if (Chance(0.3)) sample.excluded = AllExclusions()[static_cast<std::size_t>(Between(0, 5))];
    RunMetrics& metrics = sample.metrics;
    metrics.total = MaybeDuration();
    metrics.load = MaybeDuration();
    metrics.prompt_eval_count = Maybe([&] { return Between(0, 1 << 20); });
    metrics.prompt_eval_cached = Maybe([&] { return Between(0, 1 << 20); });
    metrics.prompt_eval = MaybeDuration();
    metrics.printed_prompt_eval_rate = Maybe([&] { return Rate(); });
    metrics.eval_count = Maybe([&] { return Between(0, 1 << 20); });
    metrics.eval = MaybeDuration();
    metrics.printed_eval_rate = Maybe([&] { return Rate(); });
    sample.wall = MaybeDuration();
    sample.create = MaybeDuration();
    sample.effective_context = MaybeInteger();
    sample.size_bytes = MaybeInteger();
    sample.size_vram_bytes = MaybeInteger();
    sample.attempt = static_cast<int>(Between(1, 9));
    sample.started = Text();
    if (Chance(0.2)) {
      sample.disturbed = Disturbance{Text(), Maybe([&] { return Rate(); }),
                                     Maybe([&] { return Rate(); }), Maybe([&] { return Rate(); })};
    }
    if (Chance(0.5)) sample.visit = Text();
    if (Chance(0.3)) sample.telemetry = MakeTelemetry();
    sample.unverified = Chance(0.2);
    return sample;
  }

  Telemetry MakeTelemetry() {
    Telemetry telemetry;
    telemetry.readings = Between(0, 1 << 20);
    for (auto* value :
         {&telemetry.cpus_mean, &telemetry.cpus_max, &telemetry.busiest_cpu_mean,
          &telemetry.busiest_cpu_max, &telemetry.server_cpus_mean, &telemetry.server_cpus_max,
          &telemetry.others_cpus_mean, &telemetry.cpu_energy_j}) {
      *value = Maybe([&] { return Rate(); });
    }
    for (auto* value : {&telemetry.server_bytes_max, &telemetry.available_bytes_min,
                        &telemetry.page_cache_bytes_max}) {
      *value = MaybeInteger();
    }
    for (auto i = Between(0, 2); i > 0; --i) {
      GpuTelemetry gpu;
      gpu.index = static_cast<int>(i);
      gpu.name = Text();
      for (auto* value :
           {&gpu.use_mean, &gpu.use_max, &gpu.power_w_mean, &gpu.power_w_max, &gpu.clock_mhz_mean,
            &gpu.temperature_c_max, &gpu.slowed_share, &gpu.energy_j}) {
        *value = Maybe([&] { return Rate(); });
      }
      gpu.memory_bytes_max = MaybeInteger();
      telemetry.gpus.push_back(std::move(gpu));
    }
    return telemetry;
  }

  Failure MakeFailure() {
    const auto kinds = AllFailureKinds();
    const auto kind = static_cast<std::size_t>(Between(0, std::ssize(kinds) - 1));
    return {kinds[kind].kind, Text(), Text(), static_cast<int>(Between(1, 5))};
  }

  VisitRecord MakeVisit(std::string id) {
    VisitRecord visit;
    visit.id = std::move(id);
    visit.role = static_cast<SampleRole>(Between(0, 3));
    visit.started = Text();
    visit.load_id = Between(0, std::int64_t{1} << 53);
    visit.start = Text();
    visit.failure = Maybe([&] { return MakeFailure(); });
    if (Chance(0.3)) {
      visit.decode = DecodeRun{Maybe([&] { return Between(0, 4096); }), MaybeDuration()};
    }
    visit.load_disk_bytes = MaybeInteger();
    return visit;
  }

  Labels MakeLabels() {
    Labels labels;
    for (auto i = Between(0, 2); i > 0; --i) labels[Text()] = Text();
    return labels;
  }

  /// With any values of any parameters, perhaps of none.
  Cell MakeCell() {
    Cell cell;
    for (const ParameterInfo& info : AllParameters()) {
      if (Chance(0.4)) {
        cell.Set(info.parameter, ValueOf(info));
      }
    }
    return cell;
  }

  int ValueOf(const ParameterInfo& info) {
    if (info.type != ParameterType::kName) {
      return static_cast<int>(Between(info.lowest, info.highest));
    }
    return ValueOfName("/opt/\"a\", \\b/" + std::to_string(Between(1, 5)));
  }

  /// Of some parameters, in the order of the parameters, with a few values each.
  std::vector<Axis> MakeAxes() {
    std::vector<Axis> axes;
    for (const ParameterInfo& info : AllParameters()) {
      if (Chance(0.6)) continue;
      std::set<int> values;
      for (auto i = Between(1, 4); i > 0; --i) {
        values.insert(ValueOf(info));
      }
      axes.push_back({info.parameter, {values.begin(), values.end()}});
    }
    return axes;
  }

  /// Of schema 1.
  Metadata MakeMetadata() {
    Metadata metadata;
    metadata.tool_version = Text();
    metadata.store_id = Text();
    metadata.start_time = Text();
    metadata.total_tests = Between(0, 100'000);
    metadata.across_range = Text();
    metadata.down_range = Text();
    metadata.identity = {Text(),
                         Text(),
                         Text(),
                         MaybeInteger(),
                         Maybe([&] { return static_cast<int>(Between(-2, 4096)); }),
                         Text(),
                         Text()};
    metadata.environment.host = Text();
    metadata.environment.gpus = {Text(), Text()};
    metadata.environment.server_settings[Text()] = Text();
    metadata.environment.server_is_local = Chance(0.5);
    metadata.replayed = Chance(0.5);
    metadata.mixed = Chance(0.5);
    metadata.unverified = Chance(0.5);
    metadata.prompt_words = MaybeInteger();
    if (Chance(0.5)) metadata.temporary_models = {{Text(), Text()}};
    metadata.baseline = Maybe([&] {
      Cell cell;
      cell.Set(Parameter::kNumCtx, static_cast<int>(Between(1, 1 << 20)));
      if (Chance(0.7)) cell.Set(Parameter::kNumBatch, static_cast<int>(Between(1, 1 << 20)));
      return Baseline{cell, Text()};
    });
    for (auto i = Between(0, 3); i > 0; --i) {
      metadata.starts.push_back({Text(), Text(), Text(), MakeLabels()});
    }
    return metadata;
  }

  Metadata MakeMetadataOfSchema2() {
    Metadata metadata = MakeMetadata();
    metadata.schema_version = 2;
    metadata.across_range.clear();
    metadata.down_range.clear();
    metadata.axes = MakeAxes();
    metadata.workload = Chance(0.5) ? "generate" : "prefill";
    metadata.baseline = Maybe([&] { return Baseline{MakeCell(), Text()}; });
    return metadata;
  }

 private:
  std::mt19937_64 engine_;
};

/// Fills a store with entries of a visit and `samples` samples each, as a sweep would.
inline void FillStore(ResultsStore& store, const std::vector<Cell>& cells, int samples,
                      unsigned seed) {
  RandomValues random(seed);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    VisitRecord visit = random.MakeVisit("01J" + std::to_string(i) + "V");
    visit.started = "2026-11-21T07:00:04+00:00";
    store.SetVisit(cell, visit, "2026-11-21T07:00:05+00:00");
    for (int j = 0; j < samples; ++j) {
      Sample sample = random.MakeSample("01J" + std::to_string(i) + "S" + std::to_string(j));
      sample.started = "2026-11-21T07:00:04+00:00";
      sample.visit = visit.id;
      store.AddSample(cell, std::move(sample), "2026-11-21T07:00:05+00:00");
    }
  }
}

/// The same with so many cells of the pair.
inline void FillStore(ResultsStore& store, int cells, int samples, unsigned seed) {
  std::vector<Cell> of_pair;
  for (int i = 0; i < cells; ++i) of_pair.push_back({1024 * (1 + i / 17), 128 * (1 + i % 17)});
  FillStore(store, of_pair, samples, seed);
}

}  // namespace ollama_bench
