#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/identity.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/store/file_system.h"

namespace ollama_bench {

struct StoreError {
  enum class Kind {
    kMissing,      ///< there is no such file
    kDamaged,      ///< the file is not a results file; the message names line and reason
    kNewerSchema,  ///< written by a newer ollama-bench
    kLocked,       ///< another run holds it
    kIo,           ///< the system refused to read or write; the old file is unchanged
  };
  Kind kind = Kind::kIo;
  std::string message;
};

/// A temporary model that this store's sweep makes on the server.
struct TemporaryModel {
  std::string name;    ///< written down before the first create
  std::string digest;  ///< as last created, where the user chose the name; else empty
  friend bool operator==(const TemporaryModel&, const TemporaryModel&) = default;
};

/// What the user had before the sweep: measured to compare with, under an entry of its own.
struct Baseline {
  Cell cell;           ///< num_batch alone may be auto beside num_ctx: Ollama's own default
  std::string source;  ///< "Modelfile" or "Ollama default"
  friend bool operator==(const Baseline&, const Baseline&) = default;
};

/// The built-in text as it was cut for the cells that set its length.
struct PromptSize {
  int length = 0;                      ///< tokens, as they set it
  std::int64_t words = 0;              ///< of the text
  std::optional<std::int64_t> tokens;  ///< as the server counted it, template included
  friend bool operator==(const PromptSize&, const PromptSize&) = default;
};

/// The file's "metadata". Absent keys (old files) leave the defaults.
struct Metadata {
  int schema_version = 1;
  std::string tool_version;
  std::string store_id;
  std::string start_time;
  std::int64_t total_tests = 0;
  std::string across_range;  ///< schema 1: as DescribeAxis writes it
  std::string down_range;
  std::vector<Axis> axes;  ///< schema 2: as planned, in their order
  std::string workload;    ///< schema 2
  Identity identity;
  Environment environment;
  bool replayed = false;
  bool mixed = false;       ///< samples that are not comparable are in one file
  bool unverified = false;  ///< `mixed` only for unverified readings of cells not measured since
  std::optional<std::int64_t> prompt_words;  ///< of the built-in text, where that is the prompt
  std::vector<PromptSize> prompt_sizes;
  std::vector<TemporaryModel> temporary_models;
  std::optional<Baseline> baseline;
  std::vector<std::string> warnings;  ///< what the last start warned of, one line each
  std::vector<StartRecord> starts;    ///< that measured something; each visit names its own

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

/// The axes as planned; empty where the metadata does not say.
Space PlannedSpace(const Metadata& metadata);
/// Makes metadata of schema 1 those of schema 2: axes instead of ranges, and an identity without
/// what the workload takes by itself.
void UpgradeToAxes(Metadata& metadata);
/// Writes down the axes, `total_tests` among them: as schema 1 has it as long as `workload` is
/// kPrefill and nothing but num_ctx and num_batch was ever swept, so that older versions can go on
/// with the file, else as schema 2. `cells` is how many of the space's cells can be measured.
void SetPlan(Metadata& metadata, const Space& space, WorkloadKind workload, std::size_t cells);
/// What the file's samples are.
WorkloadKind WorkloadOf(const Metadata& metadata);

/// The results of one sweep: in memory as values, on disk as one JSON file that is replaced whole.
/// Unchanged entries keep their bytes; keys that this program does not know survive. Changes stay
/// pending until Commit. Writing needs the store's lock (file_lock.h), reading does not. Each
/// change and each Commit ends the validity of what results() and Find() returned. Not thread-safe.
class ResultsStore {
 public:
  /// Reads `path`. Needs no lock. kMissing where there is no file. `file_system` must outlive it.
  static Expected<ResultsStore, StoreError> Load(FileSystem& file_system,
                                                 std::filesystem::path path);
  /// An empty store that Commit will write to `path`. A file that is there by then is refused.
  static ResultsStore Create(FileSystem& file_system, std::filesystem::path path,
                             Metadata metadata);

  ResultsStore(ResultsStore&&) noexcept;
  ResultsStore& operator=(ResultsStore&&) noexcept;
  ~ResultsStore();

  [[nodiscard]] const std::filesystem::path& path() const;
  [[nodiscard]] const Metadata& metadata() const;
  /// Only what differs from metadata() is written, so that other edits in the file are kept.
  void SetMetadata(Metadata metadata);

  /// In the file's order.
  [[nodiscard]] const std::vector<CellResult>& results() const;
  [[nodiscard]] const CellResult* Find(const Cell& cell) const;
  /// One line for a person when the store has outgrown what it is made for, else empty.
  [[nodiscard]] std::string SizeWarning() const;

  /// Adds a sample to a cell's entry, making the entry where there is none. Clears the cell's
  /// alias. A sample with the id of a stored one replaces it. `sample.id` must not be empty.
  void AddSample(const Cell& cell, Sample sample, const std::string& timestamp);
  /// Marks a stored sample as excluded (or as counted again).
  void SetExclusion(const Cell& cell, const std::string& sample_id,
                    std::optional<Exclusion> excluded);
  /// Adds a visit to a cell's entry, as AddSample does a sample; one with the id of a stored one
  /// replaces it. The tail of its failure's output is cut to its last 8 KiB and made printable.
  void SetVisit(const Cell& cell, VisitRecord visit, const std::string& timestamp);
  /// Marks all samples that it holds as unverified. Samples of entries from before there were
  /// samples are so in any case, and those entries keep their bytes.
  void MarkUnverified();
  /// Records that `cell` is not measured because `alias_of` has the same effective values.
  void SetAlias(const Cell& cell, const Cell& alias_of, std::string reason);
  /// Removes the cell's entry, to measure it afresh.
  void Remove(const Cell& cell);

  /// Makes all pending changes durable: temporary file, fsync, rename, fsync of the folder. Edits
  /// that someone made to the file meanwhile are read first and kept; a file that was deleted is
  /// written again whole. On an error the old file stays and the changes stay pending. kDamaged
  /// and kNewerSchema: somebody put a file there that cannot be read or belongs to another store;
  /// it is not overwritten. Before the first write to a file of the old script's shape a copy is
  /// put beside it
  /// ("….bak-v0"). Does nothing when nothing is pending.
  Expected<void, StoreError> Commit();

 private:
  struct Impl;
  explicit ResultsStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace ollama_bench
