#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

inline constexpr int kNewestSchema = 2;
inline constexpr std::int64_t kMostBytes = std::int64_t{256} << 20;  ///< of a store
inline constexpr int kDeepestNesting = 32;
/// Every integer up to here is exact in a double, and so for any reader of JSON.
inline constexpr std::int64_t kLargestInteger = std::int64_t{1} << 53;
inline constexpr double kHighestRate = 1e12;  ///< tokens/s
/// Up to here nanoseconds survive the way through a double of milliseconds: 15 digits.
inline constexpr std::chrono::nanoseconds kLongestDuration = std::chrono::hours(10 * 24);
inline constexpr std::size_t kLongestOutputTail = 8 * 1024;  ///< bytes

/// The bytes of one entry, as they are in the file or are to be there.
struct EntryText {
  std::string text;
  bool outdated = true;  ///< the values have changed since
};

/// What a results file holds: the values, and beside them the text they came from.
struct StoreContent {
  nlohmann::json metadata = nlohmann::json::object();  ///< as in the file, unknown keys included
  nlohmann::json others = nlohmann::json::object();    ///< what else is at the top
  std::vector<CellResult> results;
  std::vector<EntryText> texts;  ///< of each result
  std::map<Cell, std::size_t> index;
  /// The whole text, if the file is of the old script's shape.
  std::optional<std::string> old_text;

  /// Appends an entry with neither samples nor text. The cell must be new.
  CellResult& Add(const Cell& cell);
  [[nodiscard]] const CellResult* Find(const Cell& cell) const;
  void Remove(const Cell& cell);
};

/// The values of the file's "metadata"; the reason if they are wrong.
Expected<Metadata, std::string> MetadataFrom(const nlohmann::json& object);

}  // namespace ollama_bench
