#include "ollama_bench/store/telemetry_files.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "bulk_files.h"
#include "field_reader.h"
#include "field_writer.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/store/request_log.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kEnding = ".telemetry.jsonl";
constexpr const char* kTime = "at_ms";
constexpr const char* kNames = "gpus";
constexpr const char* kMeasuredFrom = "measured_from_ms";

std::string LineOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

double Milliseconds(double seconds) {
  return std::round(seconds * 1e4) / 10;
}

std::optional<double> SecondsAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>() / 1e3;
}

// The first line.
std::string ReadHead(const Json& json, TelemetryRecord& record) {
  const auto names = json.find(kNames);
  if (names == json.end() || !names->is_array()) return "no reading of a machine begins so";
  for (const Json& name : *names) {
    if (!name.is_string()) return "a name of a GPU is no text";
    record.gpu_names.push_back(Printable(name.get<std::string>(), false));
  }
  record.measured_from_s = SecondsAt(json, kMeasuredFrom).value_or(0);
  return {};
}

std::string ReadReading(const Json& json, TelemetryRecord& record) {
  TelemetryReading reading;
  const auto at_s = SecondsAt(json, kTime);
  if (!at_s) return "\"at_ms\" is missing or wrong";
  reading.at_s = *at_s;
  FieldReader reader(json);
  VisitFields(reader, reading);
  if (!reader.problem().empty()) return reader.problem();
  record.readings.push_back(std::move(reading));
  return {};
}

}  // namespace

Expected<void, StoreError> WriteTelemetryFile(FileSystem& file_system, const fs::path& results,
                                              const std::string& sample_id,
                                              const TelemetryRecord& record) {
  Json head = {{kNames, record.gpu_names}};
  if (record.measured_from_s > 0) head[kMeasuredFrom] = Milliseconds(record.measured_from_s);
  std::string text = LineOf(head);
  for (const TelemetryReading& reading : record.readings) {
    Json json = ToJson(reading);
    json[kTime] = Milliseconds(reading.at_s);
    text += LineOf(json);
  }
  return WriteBulkFile(file_system, BulkFileOf(results, sample_id, kEnding), text);
}

Expected<std::optional<TelemetryRecord>, StoreError> ReadTelemetryFile(
    FileSystem& file_system, const fs::path& results, const std::string& sample_id) {
  TelemetryRecord record;
  bool is_head = true;
  const auto content = ReadRequestLog(
      file_system, BulkFileOf(results, sample_id, kEnding), [&](std::string_view line) {
        const Json json = Json::parse(line, nullptr, false);
        if (!json.is_object()) return std::string("no object");
        return std::exchange(is_head, false) ? ReadHead(json, record) : ReadReading(json, record);
      });
  if (!content && content.error().kind == StoreError::Kind::kMissing) {
    return std::optional<TelemetryRecord>();
  }
  if (!content) return Unexpected<StoreError>(content.error());
  return std::optional(std::move(record));
}

std::string FormatTelemetry(const Telemetry& telemetry) {
  return ToJson(telemetry).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Expected<void, StoreError> CopyBulkFiles(FileSystem& file_system, const fs::path& from,
                                         const fs::path& to, const std::vector<CellResult>& cells) {
  for (const CellResult& cell : cells) {
    for (const Sample& sample : cell.samples) {
      for (const std::string_view ending : {std::string_view(".jsonl"), kEnding}) {
        auto copied = CopyBulkFile(file_system, BulkFileOf(from, sample.id, ending),
                                   BulkFileOf(to, sample.id, ending));
        if (!copied) return copied;
      }
    }
  }
  return {};
}

}  // namespace ollama_bench
