#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/core/sample.h"
#include "ollama_bench/export/export_input.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// What one start of a command measured; of older files, which do not say, the whole file.
struct Benchmark {
  std::string id;  ///< that of the start, else made of what the file says of itself
  std::string started;
  std::string host;
  Labels labels;
  std::string tool_version;
  std::string ollama_version;
  std::string model;
  std::string model_digest;
  std::string workload;                ///< "prompts" of an output of `prompts`
  const Metadata* metadata = nullptr;  ///< of the results file; null for prompts
};

enum class RecordKind { kSample, kFailedVisit, kPrompt };
std::string_view KeyOf(RecordKind kind);

/// One row: a sample, a visit that failed, or a prompt that was asked. Pointers that are not of its
/// kind are null.
struct Record {
  RecordKind kind = RecordKind::kSample;
  std::string id;
  const Benchmark* benchmark = nullptr;
  std::string source;                  ///< name of its file
  std::string started;                 ///< ISO 8601, as far as it is known
  const CellResult* result = nullptr;  ///< of a sample and a visit
  const Sample* sample = nullptr;
  const VisitRecord* visit = nullptr;  ///< also the one that took the sample, where it is known
  const PromptRecord* prompt = nullptr;
  const TelemetryRecord* readings = nullptr;  ///< of a sample, where they are kept
  bool is_counted = false;                    ///< enters the figures of its cell, or of the pass
  int pass = 0;  ///< of a sample: its place among those of its load, from 1
};

/// All rows of an input, which must outlive it.
class Records {
 public:
  explicit Records(const ExportInput& input);
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  [[nodiscard]] const std::deque<Benchmark>& benchmarks() const { return benchmarks_; }
  [[nodiscard]] const std::vector<Record>& all() const { return records_; }

 private:
  void AddResult(const ExportInput& input, const ResultsStore& store, const CellResult& result);
  void AddPass(const ExportedPass& pass);
  const Benchmark* BenchmarkOf(const Metadata& metadata, const VisitRecord* visit);
  const Benchmark* BenchmarkOf(const PromptRecord& prompt, const std::string& started);
  const Benchmark* Keep(Benchmark benchmark);

  std::deque<Benchmark> benchmarks_;
  std::map<std::string, const Benchmark*> by_id_;
  std::vector<Record> records_;
};

}  // namespace ollama_bench
