#include "ollama_bench/store/prompt_lines.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;

// To a microsecond.
double Rounded(double milliseconds) {
  return std::round(milliseconds * 1000) / 1000;
}

Json Number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(Rounded(*value)) : Json();
}

Json Count(const std::optional<std::int64_t>& value) {
  return value ? Json(*value) : Json();
}

Json IdOf(const PromptItem& item) {
  std::int64_t number = 0;
  const char* const end = item.id.data() + item.id.size();
  const auto [rest, error] = std::from_chars(item.id.data(), end, number);
  if (item.id_is_number && error == std::errc() && rest == end) return number;
  return item.id;
}

Json TimingOf(const PromptTiming& timing) {
  return {{"prefill_ms", Number(timing.prefill_ms)},
          {"decode_total_ms", Number(timing.decode_total_ms)},
          {"decode_avg_ms", Number(DecodeAverageMs(timing))},
          {"ttft_ms", Number(timing.ttft_ms)},
          {"queue_ms", Number(timing.queue_ms)},
          {"load_ms", Number(timing.load_ms)},
          {"num_prompt_tokens", Count(timing.prompt_tokens)},
          {"num_generated_tokens", Count(timing.generated_tokens)},
          {"tokens_per_second", Number(DecodeTokensPerSecond(timing))},
          {"tpot_ms", Number(timing.tpot_ms)},
          {"e2e_ms", Number(timing.e2e_ms)},
          {"ttfr_ms", Number(timing.ttfr_ms)},
          {"ttfo_ms", Number(timing.ttfo_ms)},
          {"num_cached_tokens", Count(timing.cached_tokens)}};
}

Json StepsOf(const PromptRecord& record) {
  Json steps = Json::array();
  for (const double step : record.step_ms) steps.push_back(Rounded(step));
  return steps;
}

Json FailureOf(const std::optional<Failure>& failure) {
  if (!failure) return {};
  return {{"kind", Describe(failure->kind).key}, {"message", failure->message}};
}

/// Takes the parts of a line; the first that is missing or of another type is the error.
class LineReader {
 public:
  explicit LineReader(const Json& line) : line_(line) {}

  Expected<PromptRecord, std::string> Read() {
    PromptRecord record;
    ReadItem(record.item);
    record.response = Text(line_, "response");
    ReadConfig(Object("model_config"), record.config);
    ReadLabels(record.labels);
    ReadTiming(Object("timing"), record.timing);
    const Json steps = line_.value("decode_step_times_ms", Json::array());
    for (const Json& step : steps) {
      if (!step.is_number()) Complain("decode_step_times_ms");
      if (step.is_number()) record.step_ms.push_back(step.get<double>());
    }
    ReadRun(record);
    if (!error_.empty()) return Unexpected<std::string>(error_);
    return record;
  }

 private:
  void ReadItem(PromptItem& item) {
    const Json id = line_.value("id", Json());
    item.id_is_number = id.is_number_integer();
    if (item.id_is_number) item.id = id.dump();
    if (id.is_string()) item.id = id.get<std::string>();
    if (!item.id_is_number && !id.is_string()) Complain("id");
    item.prompt = Text(line_, "prompt");
    const Json messages = line_.value("messages", Json::array());
    for (const Json& message : messages) {
      item.messages.push_back({Text(message, "role"), Text(message, "content")});
    }
  }

  void ReadConfig(const Json& config, PromptConfig& read) {
    read.model = Text(config, "model");
    read.digest = Text(config, "digest");
    read.ollama_version = Text(config, "ollama_version");
    read.endpoint = Text(config, "endpoint");
    read.num_predict = static_cast<int>(Whole(config, "num_predict").value_or(0));
    read.seed = static_cast<int>(Whole(config, "seed").value_or(0));
  }

  void ReadLabels(Labels& labels) {
    const Json object = line_.value("labels", Json::object());
    for (const auto& [name, value] : object.items()) {
      if (!value.is_string()) return Complain("labels");
      labels[name] = value.get<std::string>();
    }
  }

  void ReadTiming(const Json& timing, PromptTiming& read) {
    read.prefill_ms = Real(timing, "prefill_ms");
    read.decode_total_ms = Real(timing, "decode_total_ms");
    read.ttft_ms = Real(timing, "ttft_ms");
    read.queue_ms = Real(timing, "queue_ms");
    read.load_ms = Real(timing, "load_ms");
    read.prompt_tokens = Whole(timing, "num_prompt_tokens");
    read.generated_tokens = Whole(timing, "num_generated_tokens");
    read.tpot_ms = Real(timing, "tpot_ms");
    read.e2e_ms = Real(timing, "e2e_ms");
    read.ttfr_ms = Real(timing, "ttfr_ms");
    read.ttfo_ms = Real(timing, "ttfo_ms");
    read.cached_tokens = Whole(timing, "num_cached_tokens");
  }

  void ReadRun(PromptRecord& record) {
    record.repeat = static_cast<int>(Whole(line_, "repeat").value_or(1));
    const Json& place = Object("data_set");
    record.place = {Whole(place, "index").value_or(0), Whole(place, "count").value_or(0),
                    Text(place, "chain")};
    record.started_unix_s = Real(line_, "started_unix_s").value_or(0);
    record.lasted_ms = Real(line_, "lasted_ms").value_or(0);
    record.slot = static_cast<int>(Whole(line_, "slot").value_or(0));
    record.is_first_after_load = line_.value("first_after_load", Json()) == true;
    record.end = Text(line_, "end");
    record.done_reason = Text(line_, "done_reason");
    record.merged_chunks = Whole(line_, "merged_chunks").value_or(0);
    record.unstamped_reads = Whole(line_, "unstamped_reads").value_or(0);
    const Json failure = line_.value("failure", Json());
    if (failure.is_null()) {
      if (record.end != "done") Complain("failure");
      return;
    }
    const auto kind = FailureKindFromKey(Text(failure, "kind"));
    record.failure = Failure{kind.value_or(FailureKind::kUnknown), Text(failure, "message"), {}, 1};
  }

  const Json& Object(const char* key) {
    static const Json kNone = Json::object();
    const auto found = line_.find(key);
    if (found != line_.end() && found->is_object()) return *found;
    Complain(key);
    return kNone;
  }
  std::string Text(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    if (object.is_object() && found != object.end() && found->is_string()) {
      return found->get<std::string>();
    }
    Complain(key);
    return {};
  }
  std::optional<double> Real(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return std::nullopt;
    if (found->is_number() && std::isfinite(found->get<double>())) return found->get<double>();
    Complain(key);
    return std::nullopt;
  }
  std::optional<std::int64_t> Whole(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return std::nullopt;
    if (found->is_number_integer()) return found->get<std::int64_t>();
    Complain(key);
    return std::nullopt;
  }
  void Complain(const char* key) {
    if (error_.empty()) {
      error_ = fmt::format("no record of `prompts`: '{}' is missing or of another type", key);
    }
  }

  const Json& line_;
  std::string error_;
};

}  // namespace

std::string FormatPromptLine(const PromptRecord& record) {
  Json line = {{"id", IdOf(record.item)}, {"prompt", record.item.prompt}};
  if (!record.item.messages.empty()) {
    Json& messages = line["messages"] = Json::array();
    for (const ChatMessage& message : record.item.messages) {
      messages.push_back({{"role", message.role}, {"content", message.content}});
    }
  }
  line["response"] = record.response;
  line["model_config"] = {{"model", record.config.model},
                          {"digest", record.config.digest},
                          {"ollama_version", record.config.ollama_version},
                          {"endpoint", record.config.endpoint},
                          {"num_predict", record.config.num_predict},
                          {"seed", record.config.seed}};
  if (!record.labels.empty()) line["labels"] = record.labels;
  line["timing"] = TimingOf(record.timing);
  line["decode_step_times_ms"] = StepsOf(record);
  line["repeat"] = record.repeat;
  line["data_set"] = {
      {"index", record.place.index}, {"count", record.place.count}, {"chain", record.place.chain}};
  line["started_unix_s"] = record.started_unix_s;
  line["lasted_ms"] = Rounded(record.lasted_ms);
  line["slot"] = record.slot;
  line["first_after_load"] = record.is_first_after_load;
  line["end"] = record.end;
  line["done_reason"] = record.done_reason;
  line["failure"] = FailureOf(record.failure);
  line["merged_chunks"] = record.merged_chunks;
  line["unstamped_reads"] = record.unstamped_reads;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Expected<PromptRecord, std::string> ParsePromptLine(std::string_view line) {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Unexpected<std::string>("this is not JSON");
  if (!json.is_object()) return Unexpected<std::string>("this is no JSON object");
  return LineReader(json).Read();
}

Expected<LogContent, StoreError> ReadPromptRecords(
    FileSystem& file_system, const std::filesystem::path& path,
    const std::function<void(PromptRecord record)>& on_record) {
  return ReadRequestLog(file_system, path, [&on_record](std::string_view line) {
    auto record = ParsePromptLine(line);
    if (!record) return record.error();
    on_record(std::move(*record));
    return std::string();
  });
}

}  // namespace ollama_bench
