#include "columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/parameter.h"
#include "ollama_bench/core/telemetry.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/core/window.h"

namespace ollama_bench {
namespace {

using Nanoseconds = std::chrono::nanoseconds;

Value ValueOf(bool value) {
  return value;
}
Value ValueOf(int value) {
  return std::int64_t{value};
}
Value ValueOf(std::int64_t value) {
  return value;
}
Value ValueOf(double value) {
  return std::isfinite(value) ? Value(value) : Value();
}
Value ValueOf(Nanoseconds value) {
  return std::chrono::duration<double>(value).count();
}
Value ValueOf(std::string_view value) {
  return value.empty() ? Value() : Value(StorableText(value));
}
Value ValueOf(const std::string& value) {
  return ValueOf(std::string_view(value));
}
template <class T>
Value ValueOf(const std::optional<T>& value) {
  return value ? ValueOf(*value) : Value();
}

std::optional<double> FromMilliseconds(const std::optional<double>& milliseconds) {
  if (!milliseconds) return std::nullopt;
  return *milliseconds / 1000;
}

/// A column of a fixed key.
struct FixedColumn {
  std::string_view key;
  Value (*value)(const Record&);
};

template <class Get>
Value OfSample(const Record& record, const Get& get) {
  return record.sample == nullptr ? Value() : ValueOf(get(*record.sample));
}
template <class Get>
Value OfPrompt(const Record& record, const Get& get) {
  return record.prompt == nullptr ? Value() : ValueOf(get(*record.prompt));
}
template <class Get>
Value OfMetadata(const Record& record, const Get& get) {
  const Metadata* metadata = record.benchmark->metadata;
  return metadata == nullptr ? Value() : ValueOf(get(*metadata));
}
template <class Get>
Value OfWindow(const Record& record, const Get& get) {
  if (record.sample == nullptr || !record.sample->window) return {};
  return ValueOf(get(*record.sample->window));
}
template <class Get>
Value OfTelemetry(const Record& record, const Get& get) {
  if (record.sample == nullptr || !record.sample->telemetry) return {};
  return ValueOf(get(*record.sample->telemetry));
}

template <auto Member>
Value SampleField(const Record& record) {
  return OfSample(record, [](const Sample& sample) { return sample.*Member; });
}
template <auto Member>
Value RunField(const Record& record) {
  return OfSample(record, [](const Sample& sample) { return sample.metrics.*Member; });
}
template <auto Member>
Value WindowField(const Record& record) {
  return OfWindow(record, [](const Window& window) { return window.*Member; });
}
template <auto Member>
Value TelemetryField(const Record& record) {
  return OfTelemetry(record, [](const Telemetry& telemetry) { return telemetry.*Member; });
}
template <auto Member>
Value PromptField(const Record& record) {
  return OfPrompt(record, [](const PromptRecord& prompt) { return prompt.*Member; });
}
template <auto Member>
Value BenchmarkField(const Record& record) {
  return ValueOf(record.benchmark->*Member);
}
template <auto Member>
Value DisturbanceField(const Record& record) {
  if (record.sample == nullptr || !record.sample->disturbed) return {};
  return ValueOf((*record.sample->disturbed).*Member);
}

Value RoleOf(const Record& record) {
  if (record.sample != nullptr) return ValueOf(KeyOf(record.sample->role));
  return record.visit == nullptr ? Value() : ValueOf(KeyOf(record.visit->role));
}

Value ModelOf(const Record& record) {
  if (record.result != nullptr && record.result->cell.Sets(Parameter::kModel)) {
    return ValueOf(FormatValue(Parameter::kModel, record.result->cell[Parameter::kModel]));
  }
  return ValueOf(record.benchmark->model);
}

const Failure* FailureIn(const Record& record) {
  if (record.prompt != nullptr) {
    return record.prompt->failure ? &*record.prompt->failure : nullptr;
  }
  const bool is_failed_visit = record.kind == RecordKind::kFailedVisit && record.visit->failure;
  return is_failed_visit ? &*record.visit->failure : nullptr;
}

Value PromptTokensOf(const Record& record) {
  if (record.prompt != nullptr) return ValueOf(record.prompt->timing.prompt_tokens);
  return RunField<&RunMetrics::prompt_eval_count>(record);
}

Value CachedTokensOf(const Record& record) {
  if (record.prompt != nullptr) return ValueOf(record.prompt->timing.cached_tokens);
  return RunField<&RunMetrics::prompt_eval_cached>(record);
}

Value GeneratedTokensOf(const Record& record) {
  if (record.prompt != nullptr) return ValueOf(record.prompt->timing.generated_tokens);
  return RunField<&RunMetrics::eval_count>(record);
}

// Of a token after the first; of a window the median over its requests.
Value TimePerTokenOf(const Record& record) {
  if (record.prompt != nullptr) return ValueOf(FromMilliseconds(record.prompt->timing.tpot_ms));
  if (record.sample == nullptr) return {};
  if (record.sample->window) return ValueOf(record.sample->window->tpot_p50);
  const auto rate = EvalRate(record.sample->metrics);
  return rate && *rate > 0 ? ValueOf(1 / *rate) : Value();
}

std::string GpusOf(const Metadata& metadata) {
  return fmt::format("{}", fmt::join(metadata.environment.gpus, "; "));
}

constexpr FixedColumn kOrigin[] = {
    {"record", [](const Record& record) { return ValueOf(KeyOf(record.kind)); }},
    {"id", [](const Record& record) { return ValueOf(record.id); }},
    {"benchmark_id", BenchmarkField<&Benchmark::id>},
    {"source", [](const Record& record) { return ValueOf(record.source); }},
    {"started", [](const Record& record) { return ValueOf(record.started); }},
    {"counted", [](const Record& record) { return ValueOf(record.is_counted); }},
    {"role", RoleOf},
    {"excluded",
     [](const Record& record) {
       if (record.sample == nullptr || !record.sample->excluded) return Value();
       return ValueOf(KeyOf(*record.sample->excluded));
     }},
    {"disturbed_by", DisturbanceField<&Disturbance::cause>},
    {"disturbing_cpus", DisturbanceField<&Disturbance::others_cpus>},
    {"unverified", SampleField<&Sample::unverified>},
    {"pass", [](const Record& record) { return record.pass > 0 ? ValueOf(record.pass) : Value(); }},
    {"attempt", SampleField<&Sample::attempt>},
    {"visit_id",
     [](const Record& record) {
       return record.visit == nullptr ? Value() : ValueOf(record.visit->id);
     }},
    {"load_id", SampleField<&Sample::load_id>},
    {"tool_version", BenchmarkField<&Benchmark::tool_version>},
    {"ollama_version", BenchmarkField<&Benchmark::ollama_version>},
    {"model_digest", BenchmarkField<&Benchmark::model_digest>},
    {"workload", BenchmarkField<&Benchmark::workload>},
    {"driver",
     [](const Record& record) {
       return OfMetadata(record, [](const Metadata& m) { return m.identity.driver; });
     }},
    {"host", BenchmarkField<&Benchmark::host>},
    {"os",
     [](const Record& record) {
       return OfMetadata(record, [](const Metadata& m) { return m.environment.os; });
     }},
    {"cpu",
     [](const Record& record) {
       return OfMetadata(record, [](const Metadata& m) { return m.environment.cpu; });
     }},
    {"gpu_names", [](const Record& record) { return OfMetadata(record, GpusOf); }},
    {"server_is_local",
     [](const Record& record) {
       return OfMetadata(record, [](const Metadata& m) { return m.environment.server_is_local; });
     }},
    {"replayed",
     [](const Record& record) {
       return OfMetadata(record, [](const Metadata& m) { return m.replayed; });
     }},
};

constexpr FixedColumn kFigures[] = {
    {"tpot_s", TimePerTokenOf},
    {"prompt_eval_count", PromptTokensOf},
    {"prompt_eval_cached", CachedTokensOf},
    {"eval_count", GeneratedTokensOf},
    {"prompt_eval_s", RunField<&RunMetrics::prompt_eval>},
    {"eval_s", RunField<&RunMetrics::eval>},
    {"wall_s", SampleField<&Sample::wall>},
    {"create_s", SampleField<&Sample::create>},
    {"effective_num_ctx", SampleField<&Sample::effective_context>},
    {"size_bytes", SampleField<&Sample::size_bytes>},
    {"size_vram_bytes", SampleField<&Sample::size_vram_bytes>},
    {"gpu_share", [](const Record& record) { return OfSample(record, GpuShare); }},
    {"load_disk_bytes",
     [](const Record& record) {
       return record.visit == nullptr ? Value() : ValueOf(record.visit->load_disk_bytes);
     }},
    {"requests", WindowField<&Window::requests>},
    {"requests_failed",
     [](const Record& record) {
       return OfWindow(record, [](const Window& window) { return window.Failed(); });
     }},
    {"requests_completed", WindowField<&Window::completed>},
    {"output_tokens", WindowField<&Window::output_tokens>},
    {"duration_s", WindowField<&Window::duration>},
    {"mean_in_flight", WindowField<&Window::mean_in_flight>},
    {"sender_lag_p99_s", WindowField<&Window::sender_lag_p99>},
    {"is_cut", WindowField<&Window::is_cut>},
    {"prompt_id",
     [](const Record& record) {
       return OfPrompt(record, [](const PromptRecord& prompt) { return prompt.item.id; });
     }},
    {"repeat", PromptField<&PromptRecord::repeat>},
    {"end", PromptField<&PromptRecord::end>},
    {"done_reason", PromptField<&PromptRecord::done_reason>},
    {"first_after_load", PromptField<&PromptRecord::is_first_after_load>},
    {"failure",
     [](const Record& record) {
       const Failure* failure = FailureIn(record);
       return failure == nullptr ? Value() : ValueOf(Describe(failure->kind).key);
     }},
    {"failure_message",
     [](const Record& record) {
       const Failure* failure = FailureIn(record);
       return failure == nullptr ? Value() : ValueOf(failure->message);
     }},
    {"telemetry_readings", TelemetryField<&Telemetry::readings>},
    {"cpus_mean", TelemetryField<&Telemetry::cpus_mean>},
    {"cpus_max", TelemetryField<&Telemetry::cpus_max>},
    {"busiest_cpu_mean", TelemetryField<&Telemetry::busiest_cpu_mean>},
    {"busiest_cpu_max", TelemetryField<&Telemetry::busiest_cpu_max>},
    {"server_cpus_mean", TelemetryField<&Telemetry::server_cpus_mean>},
    {"server_cpus_max", TelemetryField<&Telemetry::server_cpus_max>},
    {"others_cpus_mean", TelemetryField<&Telemetry::others_cpus_mean>},
    {"server_bytes_max", TelemetryField<&Telemetry::server_bytes_max>},
    {"available_bytes_min", TelemetryField<&Telemetry::available_bytes_min>},
    {"page_cache_bytes_max", TelemetryField<&Telemetry::page_cache_bytes_max>},
    {"cpu_energy_j", TelemetryField<&Telemetry::cpu_energy_j>},
    {"energy_j", [](const Record& record) { return OfTelemetry(record, EnergyJoules); }},
};

/// What each GPU's columns are called behind "gpu0_".
struct GpuColumn {
  std::string_view key;
  Value (*value)(const GpuTelemetry&);
};

template <auto Member>
Value GpuField(const GpuTelemetry& gpu) {
  return ValueOf(gpu.*Member);
}

constexpr GpuColumn kGpuColumns[] = {
    {"name", GpuField<&GpuTelemetry::name>},
    {"use_mean", GpuField<&GpuTelemetry::use_mean>},
    {"use_max", GpuField<&GpuTelemetry::use_max>},
    {"memory_bytes_max", GpuField<&GpuTelemetry::memory_bytes_max>},
    {"power_w_mean", GpuField<&GpuTelemetry::power_w_mean>},
    {"power_w_max", GpuField<&GpuTelemetry::power_w_max>},
    {"clock_mhz_mean", GpuField<&GpuTelemetry::clock_mhz_mean>},
    {"temperature_c_max", GpuField<&GpuTelemetry::temperature_c_max>},
    {"slowed_share", GpuField<&GpuTelemetry::slowed_share>},
    {"energy_j", GpuField<&GpuTelemetry::energy_j>},
};

// A num_predict that belongs to the whole file is that of each cell.
Value ParameterOf(const Record& record, Parameter parameter) {
  if (parameter == Parameter::kModel) return ModelOf(record);
  if (record.prompt != nullptr) {
    return parameter == Parameter::kNumPredict ? ValueOf(record.prompt->config.num_predict)
                                               : Value();
  }
  const Cell& cell = record.result->cell;
  if (cell.Sets(parameter)) {
    Value value = ValueAs<Value>(parameter, cell[parameter]);
    if (const auto* text = std::get_if<std::string>(&value)) return ValueOf(*text);
    return value;
  }
  const Metadata& metadata = *record.benchmark->metadata;
  return parameter == Parameter::kNumPredict ? ValueOf(metadata.identity.num_predict) : Value();
}

Value MetricOf(const Record& record, const MetricInfo& info) {
  if (record.sample != nullptr) return ValueOf(info.value(*record.sample));
  if (record.prompt == nullptr) return {};
  return ValueOf(ollama_bench::ValueOf(record.prompt->timing, info.metric));
}

void AddFixed(std::vector<Column>& columns, std::span<const FixedColumn> fixed) {
  for (const FixedColumn& column : fixed) {
    columns.push_back({std::string(column.key), column.value});
  }
}

void AddGpus(std::vector<Column>& columns, const Records& records) {
  std::set<int> indexes;
  for (const Record& record : records.all()) {
    if (record.sample == nullptr || !record.sample->telemetry) continue;
    for (const GpuTelemetry& gpu : record.sample->telemetry->gpus) indexes.insert(gpu.index);
  }
  for (const int index : indexes) {
    for (const GpuColumn& column : kGpuColumns) {
      const auto value = [index, get = column.value](const Record& record) {
        if (record.sample == nullptr || !record.sample->telemetry) return Value();
        const auto& gpus = record.sample->telemetry->gpus;
        const auto gpu = std::find_if(gpus.begin(), gpus.end(), [index](const GpuTelemetry& one) {
          return one.index == index;
        });
        return gpu == gpus.end() ? Value() : get(*gpu);
      };
      columns.push_back({fmt::format("gpu{}_{}", index, column.key), value});
    }
  }
}

void AddLabels(std::vector<Column>& columns, const Records& records) {
  std::set<std::string> keys;
  for (const Benchmark& benchmark : records.benchmarks()) {
    for (const auto& [key, value] : benchmark.labels) keys.insert(key);
  }
  for (const std::string& key : keys) {
    columns.push_back({"label_" + StorableText(key), [key](const Record& record) {
                         const auto& labels = record.benchmark->labels;
                         const auto label = labels.find(key);
                         return label == labels.end() ? Value() : ValueOf(label->second);
                       }});
  }
}

}  // namespace

std::vector<Column> ColumnsOf(const Records& records) {
  std::vector<Column> columns;
  AddFixed(columns, kOrigin);
  for (const ParameterInfo& info : AllParameters()) {
    columns.push_back({std::string(info.key), [parameter = info.parameter](const Record& record) {
                         return ParameterOf(record, parameter);
                       }});
  }
  for (const MetricInfo& info : AllMetrics()) {
    const std::string_view unit = info.unit == "s" ? "_s" : info.unit == "GB" ? "_gb" : "";
    columns.push_back({fmt::format("{}{}", info.key, unit),
                       [&info](const Record& record) { return MetricOf(record, info); }});
  }
  AddFixed(columns, kFigures);
  AddGpus(columns, records);
  AddLabels(columns, records);
  return columns;
}

std::string StorableText(std::string_view text) {
  if (ValidUtf8Length(text) == text.size() && text.find('\0') == std::string_view::npos) {
    return std::string(text);
  }
  std::string storable;
  while (!text.empty()) {
    const DecodedCharacter character = DecodeUtf8(text);
    const std::size_t length = std::max<std::size_t>(character.length, 1);
    if (character.length == 0) {
      storable += "\xEF\xBF\xBD";
    } else if (character.code_point == 0) {
      storable += "\\x00";
    } else {
      storable += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return storable;
}

}  // namespace ollama_bench
