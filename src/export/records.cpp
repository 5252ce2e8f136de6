#include "records.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/sha256.h"

namespace ollama_bench {
namespace {

std::string HashOf(const std::string& text) {
  return Sha256Hex(text).substr(0, 26);
}

// An old file has no id of its own; what it says of its start does not change while it grows.
std::string IdOfFile(const Metadata& metadata) {
  if (!metadata.store_id.empty()) return metadata.store_id;
  return "file-" + HashOf(fmt::format("{}\n{}\n{}\n{}", metadata.start_time, metadata.across_range,
                                      metadata.down_range, metadata.environment.host));
}

// What was asked alike, by starts of the same labels.
std::string IdOfPass(const PromptRecord& prompt) {
  const PromptConfig& config = prompt.config;
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}", config.model, config.digest,
                                 config.ollama_version, config.endpoint, config.num_predict);
  for (const auto& [name, value] : prompt.labels) text += fmt::format("\n{}={}", name, value);
  return "prompts-" + HashOf(text);
}

std::string IdOfPrompt(const PromptRecord& record) {
  return "prompt-" + HashOf(fmt::format("{}\n{}\n{}\n{}\n{}\n{:.6f}", IdOfPass(record),
                                        record.config.seed, record.item.id, record.place.chain,
                                        record.repeat, record.started_unix_s));
}

// Numbers a sample among those of its load.
class PassCounter {
 public:
  int Next(const Sample& sample) { return sample.load_id == 0 ? 1 : ++passes_[sample.load_id]; }

 private:
  std::map<std::int64_t, int> passes_;
};

}  // namespace

void ExportedPass::Add(PromptRecord record) {
  record.item.prompt.clear();
  record.item.messages.clear();
  record.response.clear();
  record.step_ms.clear();
  records.push_back(std::move(record));
}

std::string_view KeyOf(RecordKind kind) {
  switch (kind) {
    case RecordKind::kSample:
      return "sample";
    case RecordKind::kFailedVisit:
      return "failed_visit";
    case RecordKind::kPrompt:
      return "prompt";
  }
  return "";
}

Records::Records(const ExportInput& input) {
  for (const ResultsStore& store : input.sweeps) {
    for (const CellResult& result : store.results()) AddResult(input, store, result);
  }
  for (const ExportedPass& pass : input.passes) AddPass(pass);
}

const Benchmark* Records::Keep(Benchmark benchmark) {
  const auto found = by_id_.find(benchmark.id);
  if (found != by_id_.end()) return found->second;
  const Benchmark* kept = &benchmarks_.emplace_back(std::move(benchmark));
  by_id_[kept->id] = kept;
  return kept;
}

const Benchmark* Records::BenchmarkOf(const Metadata& metadata, const VisitRecord* visit) {
  Benchmark benchmark;
  benchmark.started = metadata.start_time;
  benchmark.host = metadata.environment.host;
  benchmark.tool_version = metadata.tool_version;
  benchmark.ollama_version = metadata.identity.ollama_version;
  benchmark.model = metadata.identity.model;
  benchmark.model_digest = metadata.identity.model_digest;
  benchmark.workload = Describe(WorkloadOf(metadata)).key;
  benchmark.metadata = &metadata;
  const auto start = std::find_if(
      metadata.starts.begin(), metadata.starts.end(), [visit](const StartRecord& record) {
        return visit != nullptr && !record.id.empty() && record.id == visit->start;
      });
  if (start == metadata.starts.end()) {
    benchmark.id = IdOfFile(metadata);
  } else {
    benchmark.id = start->id;
    benchmark.started = start->started;
    if (!start->host.empty()) benchmark.host = start->host;
    benchmark.labels = start->labels;
  }
  return Keep(std::move(benchmark));
}

void Records::AddResult(const ExportInput& input, const ResultsStore& store,
                        const CellResult& result) {
  std::map<std::string_view, const VisitRecord*> visits;
  for (const VisitRecord& visit : result.visits) visits[visit.id] = &visit;
  const std::vector<const Sample*> counted_list = CountedOf(result);
  const std::set<const Sample*> counted(counted_list.begin(), counted_list.end());
  const std::string source = store.path().filename().string();
  PassCounter passes;
  for (const Sample& sample : result.samples) {
    const auto found = visits.find(sample.visit);
    const VisitRecord* visit = found == visits.end() ? nullptr : found->second;
    Record& record = records_.emplace_back();
    record.id = sample.id;
    record.benchmark = BenchmarkOf(store.metadata(), visit);
    record.source = source;
    record.started = sample.started.empty() ? result.timestamp : sample.started;
    record.result = &result;
    record.sample = &sample;
    record.visit = visit;
    record.is_counted = counted.contains(&sample);
    record.pass = passes.Next(sample);
    const auto readings = input.readings.find(sample.id);
    if (readings != input.readings.end()) record.readings = &readings->second;
  }
  for (const VisitRecord& visit : result.visits) {
    if (!visit.failure) continue;
    Record& record = records_.emplace_back();
    record.kind = RecordKind::kFailedVisit;
    record.id = visit.id;
    record.benchmark = BenchmarkOf(store.metadata(), &visit);
    record.source = source;
    record.started = visit.started.empty() ? result.timestamp : visit.started;
    record.result = &result;
    record.visit = &visit;
  }
}

const Benchmark* Records::BenchmarkOf(const PromptRecord& prompt, const std::string& started) {
  const PromptConfig& config = prompt.config;
  Benchmark benchmark;
  benchmark.id = IdOfPass(prompt);
  benchmark.started = started;
  benchmark.labels = prompt.labels;
  benchmark.ollama_version = config.ollama_version;
  benchmark.model = config.model;
  benchmark.model_digest = config.digest;
  benchmark.workload = "prompts";
  return Keep(std::move(benchmark));
}

void Records::AddPass(const ExportedPass& pass) {
  const std::string source = std::filesystem::path(pass.path).filename().string();
  for (const PromptRecord& prompt : pass.records) {
    Record& record = records_.emplace_back();
    record.kind = RecordKind::kPrompt;
    record.id = IdOfPrompt(prompt);
    record.started = TimestampOfUnixTime(prompt.started_unix_s);
    record.benchmark = BenchmarkOf(prompt, record.started);
    record.source = source;
    record.prompt = &prompt;
    record.is_counted = !prompt.failure && !prompt.is_first_after_load;
  }
}

}  // namespace ollama_bench
