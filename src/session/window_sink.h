#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/store/file_system.h"
#include "ollama_bench/sweep/request_sink.h"

namespace ollama_bench {

/// Keeps the requests of each window, and what was read of the machine, beside the results file.
class WindowSink : public RequestSink {
 public:
  /// `file_system` must outlive the object.
  WindowSink(FileSystem& file_system, std::filesystem::path results)
      : file_system_(file_system), results_(std::move(results)) {}

  Expected<void, StoreError> Keep(const std::string& sample_id,
                                  const std::vector<RequestFigures>& requests) override;
  Expected<void, StoreError> KeepReadings(const std::string& sample_id,
                                          const TelemetryRecord& record) override;

 private:
  FileSystem& file_system_;
  std::filesystem::path results_;
};

}  // namespace ollama_bench
