#include "sql_script.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "columns.h"
#include "device_rows.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/export/export_format.h"
#include "row_texts.h"
#include "sql_schema.h"

namespace ollama_bench {
namespace {

// Exports wait for each other, as long as this at most. The number is any that nobody else uses.
constexpr const char* kLock =
    "SET LOCAL lock_timeout = '60s'; SET LOCAL TimeZone = 'UTC'; "
    "SET LOCAL standard_conforming_strings = on; SET LOCAL client_min_messages = warning; "
    "DO $lock$ BEGIN PERFORM pg_advisory_xact_lock(7021948312057710145); END $lock$";

/// One table: which columns are keys, and which come from the export.
struct Table {
  const char* name;
  std::vector<std::string> keys;
  std::vector<std::string> columns;  ///< keys left out
  const char* created = nullptr;     ///< a column of which the earliest value stays
};

const Table& Benchmarks() {
  static const Table kTable{
      "benchmarks",
      {"benchmark_id"},
      {"tool_version", "ollama_version", "model", "model_digest", "workload", "host", "repository",
       "branch", "commit_id", "commit_message", "metadata", "created_at"},
      "created_at"};
  return kTable;
}

const Table& ModelMeasurements() {
  static const Table kTable{"model_measurements",
                            {"record", "sample_id"},
                            {"benchmark_id", "\"time\"", "counted", "cell", "measurements"}};
  return kTable;
}

const Table& DeviceMeasurements() {
  static const Table kTable{"device_measurements",
                            {"sample_id", "reading", "device"},
                            {"benchmark_id", "\"time\"", "cpu_util", "mem_megabytes", "gpu_util",
                             "gpu_mem_megabytes", "power"}};
  return kTable;
}

std::string Joined(const std::vector<std::string>& columns, std::string_view prefix = {}) {
  std::vector<std::string> names;
  for (const std::string& column : columns) names.push_back(fmt::format("{}{}", prefix, column));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string CreateStatement(const Table& table) {
  return fmt::format(
      "CREATE TEMPORARY TABLE incoming_{0} (LIKE ollama_bench.{0}, place bigint) ON COMMIT DROP",
      table.name);
}

std::string CopyStatement(const Table& table) {
  return fmt::format("COPY pg_temp.incoming_{} (place, {}, {}) FROM STDIN", table.name,
                     Joined(table.keys), Joined(table.columns));
}

// Of two rows with one key the later counts. Rows that are the same are not written again.
std::string InsertStatement(const Table& table) {
  std::vector<std::string> updates;
  for (const std::string& column : table.columns) {
    updates.push_back(column == (table.created == nullptr ? "" : table.created)
                          ? fmt::format("{0} = LEAST(old.{0}, EXCLUDED.{0})", column)
                          : fmt::format("{0} = EXCLUDED.{0}", column));
  }
  std::vector<std::string> compared = table.columns;
  std::erase(compared, table.created == nullptr ? "" : table.created);
  std::string changed = fmt::format("({}) IS DISTINCT FROM ({})", Joined(compared, "old."),
                                    Joined(compared, "EXCLUDED."));
  if (table.created != nullptr) {
    changed += fmt::format(" OR EXCLUDED.{0} < old.{0}", table.created);
  }
  return fmt::format(
      "INSERT INTO ollama_bench.{0} AS old ({1}, {2})\n"
      "SELECT DISTINCT ON ({1}) {1}, {2} FROM pg_temp.incoming_{0} ORDER BY {1}, place DESC\n"
      "ON CONFLICT ({1}) DO UPDATE SET {3}\nWHERE {4}",
      table.name, Joined(table.keys), Joined(table.columns), fmt::join(updates, ", "), changed);
}

/// A line of COPY's text format.
class CopyLine {
 public:
  CopyLine& Text(std::string_view text) {
    Begin();
    for (const char c : StorableText(text)) {
      switch (c) {
        case '\\':
          line_ += "\\\\";
          break;
        case '\t':
          line_ += "\\t";
          break;
        case '\n':
          line_ += "\\n";
          break;
        case '\r':
          line_ += "\\r";
          break;
        default:
          line_ += c;
      }
    }
    return *this;
  }
  CopyLine& TextOrNull(std::string_view text) { return text.empty() ? Null() : Text(text); }
  template <class T>
  CopyLine& Number(T number) {
    Begin();
    fmt::format_to(std::back_inserter(line_), "{}", number);
    return *this;
  }
  CopyLine& NumberOrNull(const std::optional<double>& number) {
    return number && std::isfinite(*number) ? Number(*number) : Null();
  }
  CopyLine& Null() {
    Begin();
    line_ += "\\N";
    return *this;
  }
  [[nodiscard]] std::string End() const { return line_ + '\n'; }

 private:
  void Begin() {
    if (!is_first_) line_ += '\t';
    is_first_ = false;
  }

  std::string line_;
  bool is_first_ = true;
};

// As PostgreSQL reads it whatever its settings: UTC, with microseconds where there are any.
std::string TimestampOf(std::optional<double> seconds) {
  if (!seconds) return {};
  const auto micros = std::llround(*seconds * 1e6);
  const auto whole = micros >= 0 ? micros / 1'000'000 : -((999'999 - micros) / 1'000'000);
  std::string text =
      FormatTimestamp(std::chrono::system_clock::time_point(std::chrono::seconds(whole)));
  const auto rest = micros - whole * 1'000'000;
  const auto offset = text.rfind('+');
  if (rest != 0 && offset != std::string::npos) text.insert(offset, fmt::format(".{:06}", rest));
  return text;
}

std::string LabelOf(const Benchmark& benchmark, const char* key) {
  const auto found = benchmark.labels.find(key);
  return found == benchmark.labels.end() ? std::string() : found->second;
}

RowJson MapJson(const std::map<std::string, std::string>& texts) {
  RowJson json = RowJson::object();
  for (const auto& [key, value] : texts) json[StorableText(key)] = StorableText(value);
  return json;
}

RowJson ListJson(const std::vector<std::string>& texts) {
  RowJson json = RowJson::array();
  for (const std::string& text : texts) json.push_back(StorableText(text));
  return json;
}

RowJson AxesJson(const Metadata& metadata) {
  RowJson axes = RowJson::object();
  for (const Axis& axis : PlannedSpace(metadata).axes) {
    RowJson values = RowJson::array();
    for (const int value : axis.values) {
      values.push_back(value == kAutoValue ? RowJson("auto")
                                           : ValueAs<RowJson>(axis.parameter, value));
    }
    axes[std::string(KeyOf(axis.parameter))] = std::move(values);
  }
  return axes;
}

RowJson MetadataOf(const Benchmark& benchmark) {
  RowJson json = {{"labels", MapJson(benchmark.labels)}};
  if (benchmark.metadata == nullptr) return json;
  const Metadata& metadata = *benchmark.metadata;
  const Environment& environment = metadata.environment;
  json["driver"] = StorableText(metadata.identity.driver);
  json["prompt_sha256"] = StorableText(metadata.identity.prompt_sha256);
  json["axes"] = AxesJson(metadata);
  json["os"] = StorableText(environment.os);
  json["cpu"] = StorableText(environment.cpu);
  json["gpus"] = ListJson(environment.gpus);
  json["server_settings"] = MapJson(environment.server_settings);
  json["server_is_local"] = environment.server_is_local;
  json["replayed"] = metadata.replayed;
  json["mixed"] = metadata.mixed;
  return json;
}

void WriteBenchmarks(const Records& records, const TextSink& sink) {
  std::int64_t place = 0;
  for (const Benchmark& benchmark : records.benchmarks()) {
    CopyLine line;
    line.Number(++place).Text(benchmark.id);
    for (const std::string* text :
         {&benchmark.tool_version, &benchmark.ollama_version, &benchmark.model,
          &benchmark.model_digest, &benchmark.workload, &benchmark.host}) {
      line.TextOrNull(*text);
    }
    for (const char* key : {"repository", "branch", "commit", "message"}) {
      line.TextOrNull(LabelOf(benchmark, key));
    }
    line.Text(DumpJson(MetadataOf(benchmark)));
    line.TextOrNull(TimestampOf(SecondsSince1970(benchmark.started)));
    sink(line.End());
  }
}

// The names that dashboards of the transformers benchmarks read.
void AddUsualNames(RowJson& row) {
  const auto add = [&row](const char* name, const char* key) {
    const auto found = row.find(key);
    if (found != row.end()) row[name] = RowJson(*found);
  };
  add("time_to_first_token_secs", row.contains("ttft_s") ? "ttft_s" : "ttft_p50_s");
  add("time_to_next_token_mean_secs", "tpot_s");
}

void WriteMeasurements(const Records& records, const TextSink& sink) {
  const std::vector<Column> columns = ColumnsOf(records);
  std::int64_t place = 0;
  for (const Record& record : records.all()) {
    RowJson row = RowOf(columns, record);
    AddUsualNames(row);
    CopyLine line;
    line.Number(++place).Text(KeyOf(record.kind)).Text(record.id);
    line.Text(record.benchmark->id);
    line.TextOrNull(TimestampOf(SecondsSince1970(record.started)));
    line.Text(record.is_counted ? "t" : "f");
    line.Text(record.result == nullptr ? std::string("auto") : NameOf(record.result->cell));
    line.Text(DumpJson(row));
    sink(line.End());
  }
}

void WriteDevices(const Records& records, const TextSink& sink) {
  std::int64_t place = 0;
  for (const Record& record : records.all()) {
    for (const DeviceRow& row : DeviceRowsOf(record)) {
      CopyLine line;
      line.Number(++place).Text(record.id).Number(row.reading).Text(row.device);
      line.Text(record.benchmark->id).TextOrNull(TimestampOf(row.time_s));
      for (const auto& number :
           {row.cpu_percent, row.memory_mib, row.gpu_percent, row.gpu_memory_mib, row.power_w}) {
        line.NumberOrNull(number);
      }
      sink(line.End());
    }
  }
}

/// Writes what psql reads.
class PsqlText : public SqlTarget {
 public:
  explicit PsqlText(const TextSink& sink) : sink_(sink) {}

  bool Execute(const std::string& statement) override {
    sink_(statement + ";\n");
    return true;
  }
  bool Copy(const std::string& statement,
            const std::function<void(const TextSink&)>& rows) override {
    sink_(statement + ";\n");
    rows(sink_);
    sink_("\\.\n");
    return true;
  }

 private:
  const TextSink& sink_;
};

}  // namespace

bool RunSqlScript(const Records& records, SqlTarget& target) {
  struct Step {
    const Table* table;
    void (*rows)(const Records&, const TextSink&);
  };
  const std::array<Step, 3> steps = {{{&Benchmarks(), WriteBenchmarks},
                                      {&ModelMeasurements(), WriteMeasurements},
                                      {&DeviceMeasurements(), WriteDevices}}};
  if (!target.Execute("BEGIN") || !target.Execute(kLock) || !target.Execute(SchemaStatement())) {
    return false;
  }
  for (const Step& step : steps) {
    const auto rows = [&](const TextSink& sink) { step.rows(records, sink); };
    if (!target.Execute(CreateStatement(*step.table)) ||
        !target.Copy(CopyStatement(*step.table), rows) ||
        !target.Insert(InsertStatement(*step.table))) {
      return false;
    }
  }
  return target.Execute("COMMIT");
}

void WriteSql(const Records& records, const TextSink& sink) {
  sink(fmt::format("{}: psql -f FILE\n\\set ON_ERROR_STOP on\n\\encoding UTF8\n",
                   Describe(ExportFormat::kSql).start));
  PsqlText target(sink);
  RunSqlScript(records, target);
}

}  // namespace ollama_bench
