#include "ollama_bench/store/window_files.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "bulk_files.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/store/request_log.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// To the microsecond, beyond which is only noise.
double Milliseconds(double seconds) {
  return std::round(seconds * 1e6) / 1e3;
}

Json MillisecondsOf(const std::vector<double>& seconds) {
  Json list = Json::array();
  for (const double value : seconds) list.push_back(Milliseconds(value));
  return list;
}

std::string FormatRequest(const RequestFigures& request) {
  Json json = {{"part", KeyOf(request.part)},
               {"end", request.end},
               {"due_ms", Milliseconds(request.due_s)},
               {"lag_ms", Milliseconds(request.lag_s)},
               {"e2e_ms", Milliseconds(request.e2e_s)}};
  const auto add = [&json](const char* key, const std::optional<double>& seconds) {
    if (seconds) json[key] = Milliseconds(*seconds);
  };
  add("ttfr_ms", request.ttfr_s);
  add("ttft_ms", request.ttft_s);
  add("ttfo_ms", request.ttfo_s);
  add("tpot_ms", request.tpot_s);
  add("queue_ms", request.queue_s);
  add("load_ms", request.load_s);
  add("prefill_ms", request.prefill_s);
  add("decode_ms", request.decode_s);
  json["prompt_tokens"] = request.prompt_tokens;
  json["output_tokens"] = request.output_tokens;
  json["chunks_ms"] = MillisecondsOf(request.chunks_s);
  json["created_ms"] = MillisecondsOf(request.created_s);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Reads one line; the first thing that is wrong is kept.
class RequestReader {
 public:
  explicit RequestReader(std::string_view line)
      : json_(Json::parse(line, nullptr, false)), problem_(json_.is_object() ? "" : "no object") {}

  RequestFigures Read() {
    RequestFigures request;
    const auto part = WindowPartFromKey(Text("part"));
    if (!part) Complain("part");
    request.part = part.value_or(WindowPart::kTail);
    request.end = Text("end");
    request.due_s = Seconds("due_ms").value_or(0);
    request.lag_s = Seconds("lag_ms").value_or(0);
    const auto e2e_s = Seconds("e2e_ms");
    if (!e2e_s) Complain("e2e_ms");
    request.e2e_s = e2e_s.value_or(0);
    request.ttfr_s = Seconds("ttfr_ms");
    request.ttft_s = Seconds("ttft_ms");
    request.ttfo_s = Seconds("ttfo_ms");
    request.tpot_s = Seconds("tpot_ms");
    request.queue_s = Seconds("queue_ms");
    request.load_s = Seconds("load_ms");
    request.prefill_s = Seconds("prefill_ms");
    request.decode_s = Seconds("decode_ms");
    request.prompt_tokens = Count("prompt_tokens");
    request.output_tokens = Count("output_tokens");
    request.chunks_s = List("chunks_ms");
    request.created_s = List("created_ms");
    return request;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void Complain(const char* key) {
    if (problem_.empty()) problem_ = fmt::format("\"{}\" is missing or wrong", key);
  }
  [[nodiscard]] const Json* Find(const char* key) const {
    const auto found = json_.is_object() ? json_.find(key) : json_.end();
    return found == json_.end() ? nullptr : &*found;
  }
  std::string Text(const char* key) {
    const Json* found = Find(key);
    if (found == nullptr || !found->is_string()) {
      Complain(key);
      return {};
    }
    return Printable(found->get<std::string>(), false);
  }
  std::optional<double> Seconds(const char* key) {
    const Json* found = Find(key);
    if (found == nullptr) return std::nullopt;
    if (found->is_number()) return found->get<double>() / 1e3;
    Complain(key);
    return std::nullopt;
  }
  std::int64_t Count(const char* key) {
    const Json* found = Find(key);
    if (found == nullptr || !found->is_number_integer()) {
      Complain(key);
      return 0;
    }
    return found->get<std::int64_t>();
  }
  std::vector<double> List(const char* key) {
    std::vector<double> seconds;
    const Json* found = Find(key);
    if (found == nullptr) return seconds;
    for (const Json& value : *found) {
      if (!value.is_number()) {
        Complain(key);
        break;
      }
      seconds.push_back(value.get<double>() / 1e3);
    }
    return seconds;
  }

  Json json_;
  std::string problem_;
};

fs::path FileOf(const fs::path& results, const std::string& sample_id) {
  return BulkFileOf(results, sample_id, ".jsonl");
}

template <class Act>
Expected<void, StoreError> ForEachWindow(const std::vector<CellResult>& cells, Act act) {
  for (const CellResult& cell : cells) {
    for (const Sample& sample : cell.samples) {
      if (!sample.window) continue;
      if (auto done = act(sample.id); !done) return done;
    }
  }
  return {};
}

}  // namespace

Expected<void, StoreError> WriteWindowFile(FileSystem& file_system, const fs::path& results,
                                           const std::string& sample_id,
                                           const std::vector<RequestFigures>& requests) {
  std::string text;
  for (const RequestFigures& request : requests) text += FormatRequest(request) + '\n';
  return WriteBulkFile(file_system, FileOf(results, sample_id), text);
}

Expected<std::map<std::string, std::vector<RequestFigures>>, StoreError> ReadWindowFiles(
    FileSystem& file_system, const fs::path& results, const std::vector<CellResult>& cells) {
  std::map<std::string, std::vector<RequestFigures>> all;
  const auto read = ForEachWindow(cells, [&](const std::string& id) -> Expected<void, StoreError> {
    std::vector<RequestFigures> requests;
    const auto content =
        ReadRequestLog(file_system, FileOf(results, id), [&requests](std::string_view line) {
          RequestReader reader(line);
          requests.push_back(reader.Read());
          return reader.problem();
        });
    if (!content && content.error().kind == StoreError::Kind::kMissing) return {};
    if (!content) return Unexpected<StoreError>(content.error());
    all[id] = std::move(requests);
    return {};
  });
  if (!read) return Unexpected<StoreError>(read.error());
  return all;
}

}  // namespace ollama_bench
