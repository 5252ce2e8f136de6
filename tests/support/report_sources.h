#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/core/random.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/report/report.h"
#include "support/load_results.h"
#include "support/load_series.h"
#include "support/prompt_records.h"
#include "support/sample_tables.h"

// Sources of reports, made up.
namespace ollama_bench {

/// A text that would be markup, a path outside and control characters where it is not escaped.
inline constexpr const char* kHostileText =
    "</td></script><script>window.broken=1</script><img src=\"//x.invalid/a.png\" "
    "onerror=\"window.broken=1\"/>&amp;'|`*_[a](//x.invalid)\x1b[2J]]>\xFF<!--";

/// Of results, with tables and answers as commands have them. `current`: the current setting.
inline ReportedSweep SweepOf(std::vector<CellResult> results,
                             const std::optional<Cell>& current = std::nullopt,
                             Metric metric = Metric::kPromptEvalRate) {
  ReportedSweep sweep;
  sweep.name = "results.json";
  sweep.metric = metric;
  sweep.metadata.identity.model = "smollm2:135m";
  sweep.metadata.identity.model_digest = "sha256:abc";
  sweep.metadata.identity.ollama_version = "0.11.4";
  sweep.metadata.environment.cpu = "A CPU";
  sweep.metadata.start_time = "2026-11-21T07:00:05+00:00";
  sweep.caption.model = sweep.metadata.identity.model;
  sweep.caption.ollama_version = "0.11.4";
  const auto space = UnitedSpace(results, {});
  const auto grids = AllGridsOf(*space, {});
  for (const Grid& grid : *grids) {
    sweep.tables.push_back(BuildResultTable(results, grid, metric));
  }
  AnswerOptions options;
  options.current = current;
  options.current_source = "Modelfile";
  for (const Cell& stratum : StrataOf(*space)) {
    std::vector<CellResult> own;
    for (const CellResult& result : results) {
      if (StratumOf(result.cell) == stratum) own.push_back(result);
    }
    AnswerOptions of_stratum = options;
    if (current) of_stratum.current = WithStratum(*current, stratum);
    sweep.answers.push_back({stratum, AnswerSweep(own, metric, of_stratum)});
  }
  for (const ResultTable& table : sweep.tables) {
    sweep.maps.push_back(MapOf(table, sweep.answers));
  }
  sweep.maps.front().title = AnswersSentence(sweep.answers);
  sweep.results = std::move(results);
  return sweep;
}

/// Two contexts by three batches; a batch of 1024 is a fifth faster than the current one of 512.
inline ReportedSweep ChangingSweep() {
  NoisyMachine machine(3, 0.002, 0.002);
  std::vector<CellResult> results;
  for (const int context : {4096, 8192}) {
    for (const int batch : {256, 512, 1024}) {
      CellResult& result = results.emplace_back();
      result.cell = {context, batch};
      machine.Measure(result, batch == 1024 ? 360 : batch == 512 ? 300 : 250, 4, 2);
    }
  }
  return SweepOf(std::move(results), Cell{4096, 512});
}

/// As large as any that people measure, with cells that failed.
inline ReportedSweep LargeSweep(int columns = 47, int rows = 17) {
  NoisyMachine machine(5, 0.01, 0.01);
  std::vector<CellResult> results;
  for (int i = 1; i <= columns; ++i) {
    for (int j = 1; j <= rows; ++j) {
      const Cell cell{2048 * i, 128 * j};
      if (i * j > columns * rows * 2 / 3) {
        results.push_back(FailedResult(cell, FailureKind::kOutOfMemory, "not enough memory"));
        continue;
      }
      results.emplace_back().cell = cell;
      machine.Measure(results.back(), 300.0 * j / (j + 2.0), 1, 1);
    }
  }
  return SweepOf(std::move(results));
}

inline ReportedSweep ThreeAxes() {
  NoisyMachine machine(7, 0.01, 0.01);
  std::vector<CellResult> results;
  for (const int threads : {2, 4, 8}) {
    for (const int context : {4096, 8192, 16384}) {
      for (const int batch : {128, 256}) {
        results.emplace_back().cell = Cell(context, batch).With(Parameter::kNumThread, threads);
        machine.Measure(results.back(), 100.0 * threads, 3, 1);
      }
    }
  }
  return SweepOf(std::move(results));
}

/// Of a machine with two GPUs, one of which counts its energy.
inline Telemetry MadeTelemetry() {
  Telemetry telemetry;
  telemetry.readings = 20;
  telemetry.cpus_mean = 1.5;
  telemetry.server_cpus_mean = 1.25;
  telemetry.busiest_cpu_max = 1.0;
  telemetry.server_bytes_max = 2'500'000'000;
  GpuTelemetry gpu;
  gpu.name = "GPU of a test";
  gpu.use_mean = 0.75;
  gpu.use_max = 0.99;
  gpu.memory_bytes_max = 6'000'000'000;
  gpu.power_w_mean = 150;
  gpu.energy_j = 300;
  telemetry.gpus.push_back(gpu);
  gpu.index = 1;
  gpu.use_mean = 0.01;  // idle, so that its energy is not missed
  gpu.energy_j = std::nullopt;
  telemetry.gpus.push_back(gpu);
  return telemetry;
}

/// Levels of load on a server of four slots, with telemetry.
inline ReportedSweep LoadSweep() {
  MadeLoad made;
  for (const int users : {1, 2, 4, 8}) {
    made.AddLevel(Cell().With(Parameter::kConcurrency, users));
  }
  for (CellResult& result : made.results) {
    for (Sample& sample : result.samples) sample.telemetry = MadeTelemetry();
  }
  ReportedSweep sweep = SweepOf(std::move(made.results), std::nullopt, Metric::kOutputThroughput);
  sweep.requests = std::move(made.requests);
  sweep.metadata.schema_version = 2;
  sweep.metadata.workload = "load";
  return sweep;
}

/// What `scale` measures.
inline ReportedSweep ScaleSweep() {
  using std::chrono::nanoseconds;
  Random random(9);
  std::vector<CellResult> results;
  for (const int tokens : {64, 128, 256, 512, 1024, 2048}) {
    CellResult& result = results.emplace_back();
    result.cell = Cell().With(Parameter::kPromptTokens, tokens).With(Parameter::kNumPredict, 64);
    for (int load = 1; load <= 3; ++load) {
      Sample& sample = result.samples.emplace_back();
      sample.id = "s" + std::to_string(tokens) + "-" + std::to_string(load);
      sample.load_id = load;
      const double seconds =
          (0.05 + 2e-3 * tokens + 1e-7 * tokens * tokens) * (1 + 0.01 * random.Normal());
      sample.metrics.prompt_eval_count = tokens;
      sample.metrics.prompt_eval = nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
      sample.metrics.eval_count = 64;
      sample.metrics.eval = nanoseconds(static_cast<std::int64_t>(1e9 * (0.5 + 1e-4 * tokens)));
      sample.size_bytes = 2'000'000'000 + 1'000'000LL * tokens;
    }
  }
  ReportedSweep sweep = SweepOf(std::move(results), std::nullopt, Metric::kEvalRate);
  sweep.metadata.schema_version = 2;
  sweep.metadata.workload = "generate";
  return sweep;
}

inline ReportedPrompts PromptsOfTest(int count = 100) {
  ReportedPrompts prompts;
  prompts.name = "prompt_timing.jsonl";
  PromptSummarizer summarizer(static_cast<std::size_t>(count));
  Random random(11);
  for (int i = 0; i < count; ++i) {
    summarizer.Add(AnsweredPrompt(i, count, 100 - 60 * std::log(random.Uniform())));
  }
  prompts.summary = summarizer.Finish();
  prompts.config = AnsweredPrompt(0, count).config;
  prompts.caption.model = prompts.config.model;
  prompts.started = "2026-11-21T07:00:05+00:00";
  return prompts;
}

/// One in which every text from outside is hostile.
inline ReportedSweep HostileSweep() {
  std::vector<CellResult> results;
  for (int i = 0; i < 4; ++i) {
    results.push_back(ResultWithRates({2048 * (i + 1), 256}, {100.0 + i, 101.0 + i}));
  }
  results.push_back(FailedResult({2048, 512}, FailureKind::kRunnerCrash, kHostileText));
  results.back().visits.back().failure->output_tail = kHostileText;
  ReportedSweep sweep = SweepOf(std::move(results));
  sweep.name = kHostileText;
  Metadata& metadata = sweep.metadata;
  for (std::string* text :
       {&metadata.identity.model, &metadata.identity.ollama_version, &metadata.identity.driver,
        &metadata.environment.host, &metadata.environment.cpu, &metadata.start_time,
        &sweep.caption.model, &sweep.caption.ollama_version, &sweep.caption.hardware}) {
    *text = kHostileText;
  }
  metadata.environment.gpus = {kHostileText};
  metadata.environment.server_settings = {{kHostileText, kHostileText}};
  metadata.warnings = {kHostileText};
  metadata.starts = {{"1", kHostileText, kHostileText, {{kHostileText, kHostileText}}}};
  return sweep;
}

}  // namespace ollama_bench
