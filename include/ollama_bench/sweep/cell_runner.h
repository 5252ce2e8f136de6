#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"
#include "ollama_bench/core/strategy.h"
#include "ollama_bench/core/traffic.h"
#include "ollama_bench/store/results_store.h"
#include "ollama_bench/store/ulid.h"
#include "ollama_bench/sweep/observer.h"
#include "ollama_bench/sweep/probe.h"
#include "ollama_bench/sweep/request_sink.h"
#include "ollama_bench/sweep/server_watch.h"
#include "ollama_bench/sweep/store_saver.h"
#include "ollama_bench/workload/driver.h"
#include "ollama_bench/workload/prompt_feed.h"
#include "ollama_bench/workload/workload.h"

namespace ollama_bench {

struct CellRunnerOptions {
  std::optional<int> repetitions;  ///< counted samples per cell; empty: by the run's length
  WorkloadKind workload = WorkloadKind::kPrefill;
  TrafficOptions traffic;  ///< of the load workload
  int num_predict = 2;     ///< tokens, where a cell does not set them
  /// The prompt of cells that set no length is yet to be made, of this size, from the built-in
  /// text.
  std::optional<int> built_in_tokens;
  bool warm_up = true;  ///< a run that is not counted, after each load
  /// Count windows in which this program itself was late, too: the machine is never quiet.
  bool counts_late = false;
  StartRecord start;  ///< the start of the program that measures
};

/// What a cell's measurement needs. All must outlive it.
struct CellRunnerSeams {
  Driver& driver;
  ResultsStore& store;
  StoreSaver& saver;
  Clock& clock;
  Observer& observer;
  UlidSource& ids;
  Probe* probe = nullptr;           ///< null: nobody watches the machine
  ServerWatch* watch = nullptr;     ///< null: the server's machine is not seen
  RequestSink* requests = nullptr;  ///< null: those of a window, and readings, are not kept
};

/// Measures one cell with one load of the model: create, warm-up, then the samples that the visit
/// asks for, each verified and saved before the next. What a sample is, the workload says. Learns
/// the prompt's size on the way. A sample that others disturbed is kept, does not count, and is
/// measured again in the same load, a few times; where that never ends, once a load.
class CellRunner {
 public:
  /// The cell failed, or its results could not be saved.
  using Error = std::variant<Failure, StoreError>;

  /// `feed` holds the prompt, unless `options.built_in_tokens` says that it must be made first.
  CellRunner(CellRunnerOptions options, CellRunnerSeams seams, PromptFeed feed);

  /// `attempt` counts from 1. The visit is recorded with its first sample.
  Expected<void, Error> Run(const Visit& visit, int attempt);
  /// The visit of the last Run.
  [[nodiscard]] const VisitRecord& visit() const { return visit_; }
  /// Whether the last Run brought the model into memory.
  [[nodiscard]] bool has_loaded() const { return has_loaded_; }
  /// Records a visit, or how it ended, and with the first one this start. Not yet on disk.
  void Record(const Cell& cell, VisitRecord visit);

 private:
  struct Load;
  /// The prompt of the cells that set the same length.
  struct Prompt {
    int length = kAutoValue;             ///< that they set, tokens
    std::string text;                    ///< empty while it is to be made
    std::optional<int> built_in_tokens;  ///< it is to be made, of this size
    std::int64_t words = 0;              ///< of the built-in text
    std::optional<std::int64_t> tokens;  ///< of the whole prompt, as the server counts it
  };

  [[nodiscard]] int NumPredictOf(const Cell& cell) const;
  void UsePromptOf(const Cell& cell);
  Expected<void, Failure> WarmUp(Load& load);
  Expected<void, Failure> MakePrompt(Load& load);
  Expected<void, Error> Measure(Load& load);
  Expected<Sample, Failure> Warm(Load& load, const std::string& prompt);
  Expected<Sample, Error> Take(Load& load);
  [[nodiscard]] Sample NewSample();
  void NoteMachine(Sample& sample, const RunReport& report, ProbeReport machine);
  void Fill(Sample& sample, Load& load, SampleRole role, const RunReport& report);
  /// Of the metric that the workload is about.
  [[nodiscard]] double ValueOf(const Sample& sample) const;
  Expected<void, Error> MeasureDecode(const Load& load);
  [[nodiscard]] bool BearsDisturbance(Load& load, const Disturbance& disturbance);
  Expected<void, StoreError> Keep(Load& load, const Sample& sample);
  [[nodiscard]] std::optional<Exclusion> Classify(const Load& load, const Sample& sample) const;
  void NotePrompt();
  void LearnPromptTokens(const Cell& cell, std::int64_t counted);
  void MarkCutCells(const Cell& cell, std::int64_t prompt_tokens);
  void MarkCut(const CellResult& result, std::int64_t prompt_tokens);
  void MarkSettling(const Load& load);
  [[nodiscard]] bool HasEnough(const Load& load) const;
  Expected<void, Error> NoteOtherContext(const Load& load);
  Expected<void, Error> NoteOtherServer(const Load& load);
  Expected<void, Error> NoteAlias(const Cell& cell, const Cell& effective, std::string reason);
  /// By the server's machine, since its start.
  [[nodiscard]] std::optional<std::int64_t> DiskBytesRead() const;
  [[nodiscard]] std::string Timestamp() const;

  CellRunnerOptions options_;
  CellRunnerSeams seams_;
  PromptFeed feed_;
  std::unique_ptr<Workload> workload_;
  VisitRecord visit_;
  std::int64_t load_id_ = 0;               ///< of the last load
  bool has_loaded_ = false;                ///< in the visit
  std::map<int, Prompt> prompts_;          ///< by the length that cells set; kAutoValue: by none
  Prompt* prompt_ = nullptr;               ///< of the visit
  std::optional<double> tokens_per_byte_;  ///< from the last warm-up
  int disturbed_visits_ = 0;               ///< without one between them that was not
  bool has_lost_readings_ = false;         ///< that could not be written, and it was said
};

}  // namespace ollama_bench
