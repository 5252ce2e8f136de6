#include "ollama_bench/store/request_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "io_failure.h"
#include "ollama_bench/store/atomic_file.h"
#include "retry.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadSize = std::size_t{1} << 20U;
constexpr std::size_t kLongestRecord = std::size_t{256} << 20U;

Unexpected<StoreError> Damaged(const fs::path& path, std::size_t line, std::string_view reason) {
  return Unexpected<StoreError>(
      {StoreError::Kind::kDamaged, fmt::format("{}:{}: {}", path.string(), line, reason)});
}

/// Cuts a file into lines.
class LogReader {
 public:
  LogReader(fs::path path, const OnLogRecord& on_record)
      : path_(std::move(path)), on_record_(on_record) {}

  Expected<LogContent, StoreError> Read(InputFile& input) {
    std::int64_t offset = 0;
    while (true) {
      auto bytes = RetryInterrupted([&] { return input.ReadAt(offset, kReadSize); });
      if (!bytes) return IoFailure(bytes.error());
      if (bytes->empty()) break;
      offset += static_cast<std::int64_t>(bytes->size());
      if (auto taken = Take(*bytes); !taken) return Unexpected<StoreError>(taken.error());
    }
    if (auto ended = TakeEnd(); !ended) return Unexpected<StoreError>(ended.error());
    return content_;
  }

 private:
  Expected<void, StoreError> Take(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      if (begun_.size() + part.size() > kLongestRecord) {
        return Damaged(path_, content_.records + 1, "the line is too long for a record");
      }
      if (end == std::string_view::npos) {
        begun_ += part;
        return {};
      }
      bytes.remove_prefix(end + 1);
      std::string whole = std::exchange(begun_, {});
      if (!whole.empty()) whole += part;
      const std::string_view line = whole.empty() ? part : std::string_view(whole);
      if (const std::string why = on_record_(line); !why.empty()) {
        return Damaged(path_, content_.records + 1, why);
      }
      ++content_.records;
      content_.bytes += static_cast<std::int64_t>(line.size()) + 1;
    }
    return {};
  }

  Expected<void, StoreError> TakeEnd() {
    if (begun_.empty()) return {};
    // An editor may have left out the last line end. What is JSON is whole, for a record is an
    // object, and no part of one is.
    content_.is_torn = !nlohmann::json::accept(begun_);
    if (content_.is_torn) return {};
    if (const std::string why = on_record_(begun_); !why.empty()) {
      return Damaged(path_, content_.records + 1, why);
    }
    ++content_.records;
    content_.bytes += static_cast<std::int64_t>(begun_.size());
    content_.lacks_line_end = true;
    return {};
  }

  fs::path path_;
  const OnLogRecord& on_record_;
  std::string begun_;  ///< a line without its end
  LogContent content_;
};

}  // namespace

Expected<LogContent, StoreError> ReadRequestLog(FileSystem& file_system, const fs::path& path,
                                                const OnLogRecord& on_record) {
  const auto input = RetryInterrupted([&] { return file_system.OpenToRead(path); });
  if (!input && input.error().code == ENOENT) {
    return Unexpected<StoreError>(
        {StoreError::Kind::kMissing, fmt::format("there is no file {}", path.string())});
  }
  if (!input) return IoFailure(input.error());
  return LogReader(path, on_record).Read(**input);
}

Expected<RequestLog, StoreError> RequestLog::Open(FileSystem& file_system, const fs::path& path,
                                                  Clock& clock, std::string_view option,
                                                  const OnLogRecord& on_record) {
  auto lock = LockStore(path, clock, option);
  if (!lock) return Unexpected<StoreError>(lock.error());
  RequestLog log(file_system, path, clock, std::move(*lock));
  const auto content = ReadRequestLog(file_system, path, on_record);
  if (!content && content.error().kind != StoreError::Kind::kMissing) {
    return Unexpected<StoreError>(content.error());
  }
  log.exists_ = content.has_value();
  log.is_name_synced_ = log.exists_;
  if (content) log.content_ = *content;
  return log;
}

Expected<void, StoreError> RequestLog::Keep(
    const std::function<bool(std::string_view record)>& keeps) {
  auto output = AtomicFile::Open(*file_system_, path_);
  if (!output) return IoFailure(output.error());
  LogContent kept;
  std::optional<IoError> failure;
  const auto copied =
      ReadRequestLog(*file_system_, path_, [&](std::string_view record) -> std::string {
        if (failure || !keeps(record)) return {};
        const std::string line = fmt::format("{}\n", record);
        if (auto done = output->Write(line); !done) failure = done.error();
        ++kept.records;
        kept.bytes += static_cast<std::int64_t>(line.size());
        return {};
      });
  if (!copied) return Unexpected<StoreError>(copied.error());
  if (failure) return IoFailure(*failure);
  if (const auto flushed = output->Flush(); !flushed) return IoFailure(flushed.error());
  if (const auto replaced = output->Commit(); !replaced) return IoFailure(replaced.error());
  content_ = kept;
  return {};
}

Expected<void, StoreError> RequestLog::OpenOutput() {
  if (output_) return {};
  auto opened = RetryInterrupted([&] {
    return exists_ ? file_system_->OpenToAppend(path_, content_.bytes)
                   : file_system_->CreateNew(path_, std::nullopt);
  });
  if (!opened) return IoFailure(opened.error());
  output_ = std::move(*opened);
  exists_ = true;
  return {};
}

// What was written of a record is cut off when the file is opened again.
Unexpected<StoreError> RequestLog::Lost(const IoError& error) {
  output_.reset();
  return IoFailure(error);
}

Expected<void, StoreError> RequestLog::Append(std::string_view record) {
  if (auto opened = OpenOutput(); !opened) return opened;
  const std::string line = fmt::format("{}{}\n", content_.lacks_line_end ? "\n" : "", record);
  for (std::string_view rest = line; !rest.empty();) {
    const auto written = RetryInterrupted([&] { return output_->Write(rest); });
    if (!written) return Lost(written.error());
    rest.remove_prefix(*written);
  }
  content_.lacks_line_end = false;
  content_.bytes += static_cast<std::int64_t>(line.size());
  ++content_.records;
  if (!oldest_unsynced_) oldest_unsynced_ = clock_->Now();
  return SyncIfDue();
}

Expected<void, StoreError> RequestLog::SyncIfDue() {
  if (!oldest_unsynced_ || clock_->Now() - *oldest_unsynced_ < kSyncInterval) return {};
  return Sync();
}

Expected<void, StoreError> RequestLog::Sync() {
  if (!output_ || !oldest_unsynced_) return {};
  const auto synced = RetryInterrupted([&] { return output_->Sync(); });
  if (!synced) return IoFailure(synced.error());
  const auto there = RetryInterrupted([&] { return file_system_->Stat(path_); });
  if (!there || there->stamp.inode != synced->inode) {
    return Unexpected<StoreError>(
        {StoreError::Kind::kIo,
         fmt::format("{} was removed or replaced while it was written", path_.string())});
  }
  if (!is_name_synced_) {
    const auto target =
        RetryInterrupted([&] { return file_system_->ResolveLinks(path_); }).value_or(path_);
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    const auto named = RetryInterrupted([&] { return file_system_->SyncFolder(folder); });
    if (!named) return IoFailure(named.error());
    is_name_synced_ = true;
  }
  oldest_unsynced_.reset();
  return {};
}

}  // namespace ollama_bench
