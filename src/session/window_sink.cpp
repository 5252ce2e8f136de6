#include "window_sink.h"

#include "ollama_bench/store/telemetry_files.h"
#include "ollama_bench/store/window_files.h"

namespace ollama_bench {

Expected<void, StoreError> WindowSink::Keep(const std::string& sample_id,
                                            const std::vector<RequestFigures>& requests) {
  return WriteWindowFile(file_system_, results_, sample_id, requests);
}

Expected<void, StoreError> WindowSink::KeepReadings(const std::string& sample_id,
                                                    const TelemetryRecord& record) {
  return WriteTelemetryFile(file_system_, results_, sample_id, record);
}

}  // namespace ollama_bench
