#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/file_lock.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// Called with each record of a log, without its line end. Returns why it is none; empty where it
/// is one.
using OnLogRecord = std::function<std::string(std::string_view record)>;

/// What a log's file holds.
struct LogContent {
  std::size_t records = 0;
  std::int64_t bytes = 0;       ///< of whole records
  bool is_torn = false;         ///< behind them is a line that was cut while it was written
  bool lacks_line_end = false;  ///< of the last record
};

/// Reads the log at `path`, one JSON object a line, in bounded memory. A last line without its end
/// that is no JSON was cut off by a crash and is left out. Errors: kMissing; kDamaged, with the
/// number of the line; kIo.
Expected<LogContent, StoreError> ReadRequestLog(FileSystem& file_system,
                                                const std::filesystem::path& path,
                                                const OnLogRecord& on_record);

/// Records of requests in a file, one JSON object a line, for one process at a time. Whatever was
/// appended survives the end of this process, of whichever kind; that of the machine it survives
/// from the next sync on, at most a second later.
class RequestLog {
 public:
  static constexpr std::chrono::seconds kSyncInterval{1};

  /// Locks the log at `path` and reads what it holds. Nothing is written yet, a cut line is removed
  /// with the first record. `file_system` and `clock` must outlive the object; `option` names
  /// another file in messages. Errors: those of LockStore, and of ReadRequestLog but kMissing.
  static Expected<RequestLog, StoreError> Open(FileSystem& file_system,
                                               const std::filesystem::path& path, Clock& clock,
                                               std::string_view option,
                                               const OnLogRecord& on_record);

  RequestLog(RequestLog&&) noexcept = default;
  RequestLog& operator=(RequestLog&&) = delete;

  [[nodiscard]] std::size_t records() const { return content_.records; }
  /// Where a crash had cut a line.
  [[nodiscard]] bool was_torn() const { return content_.is_torn; }

  /// Replaces the file, as a whole, by one with those of its records that `keeps` wants. For before
  /// the first Append.
  Expected<void, StoreError> Keep(const std::function<bool(std::string_view record)>& keeps);
  /// `record` holds no line end. What could not be written whole does not count, and is cut off by
  /// the next call; what could not be synced counts.
  Expected<void, StoreError> Append(std::string_view record);
  /// To be called now and then where nothing is appended.
  Expected<void, StoreError> SyncIfDue();
  /// Makes all records durable.
  Expected<void, StoreError> Sync();

 private:
  RequestLog(FileSystem& file_system, std::filesystem::path path, Clock& clock, FileLock lock)
      : file_system_(&file_system),
        path_(std::move(path)),
        clock_(&clock),
        lock_(std::move(lock)) {}

  Expected<void, StoreError> OpenOutput();
  [[nodiscard]] Unexpected<StoreError> Lost(const IoError& error);

  FileSystem* file_system_;
  std::filesystem::path path_;
  Clock* clock_;
  FileLock lock_;
  LogContent content_;
  bool exists_ = false;
  std::unique_ptr<OutputFile> output_;  ///< null until something is written, and after an error
  std::optional<std::chrono::steady_clock::time_point> oldest_unsynced_;
  bool is_name_synced_ = false;
};

}  // namespace ollama_bench
