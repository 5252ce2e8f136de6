#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The union of outputs of `prompts`, such as those of all shards, and what a person should know of
/// it. Its records are in the order of the data set, each request once: of two the answered one, of
/// two answers the earlier.
class MergedPrompts {
 public:
  /// Reads the files. Errors: those of ReadRequestLog.
  static Expected<MergedPrompts, StoreError> Read(FileSystem& file_system,
                                                  const std::vector<std::filesystem::path>& paths);

  /// Gives the lines of the union in their order, each with its end.
  Expected<void, StoreError> Write(const std::function<void(std::string_view line)>& out) const;

  [[nodiscard]] std::size_t records() const { return entries_.size(); }
  [[nodiscard]] std::size_t answered() const;
  [[nodiscard]] std::int64_t prompts() const { return count_; }  ///< of the data set
  [[nodiscard]] int repeats() const { return repeats_; }
  /// How many of the data set's requests no record is of.
  [[nodiscard]] std::size_t missing() const;
  /// "3-7, 9": the places of the prompts that they are of, from 1.
  [[nodiscard]] std::string MissingPlaces() const;
  /// Why the records are not of one data set and one model, or answer a prompt twice; a line each.
  [[nodiscard]] const std::vector<std::string>& conflicts() const { return conflicts_; }

 private:
  /// Where a record is.
  struct Entry {
    std::size_t file = 0;
    std::int64_t offset = 0;
    std::size_t length = 0;
    bool is_answered = false;
    double started_unix_s = 0;
    std::string chain;
  };
  using Key = std::pair<std::int64_t, int>;  ///< index and repeat
  using OnEntry = std::function<void(const Key& key, const Entry& entry, std::string_view line)>;

  MergedPrompts(FileSystem& file_system, std::vector<std::filesystem::path> paths)
      : file_system_(&file_system), paths_(std::move(paths)) {}

  void Add(const PromptRecord& record, Entry entry);
  void CheckConfig(const PromptRecord& record, std::size_t file);
  Expected<void, StoreError> CheckChain();
  Expected<void, StoreError> ForEach(const OnEntry& on_entry) const;
  void Conflict(std::string text);
  [[nodiscard]] std::string OtherDataSet(std::size_t file, std::size_t other,
                                         std::int64_t index) const;

  FileSystem* file_system_;
  std::vector<std::filesystem::path> paths_;
  std::map<Key, Entry> entries_;
  std::int64_t count_ = 0;
  int repeats_ = 1;
  PromptConfig config_;  ///< of the first record
  bool has_config_ = false;
  std::vector<std::string> conflicts_;
  std::set<std::string> known_conflicts_;
};

}  // namespace ollama_bench
