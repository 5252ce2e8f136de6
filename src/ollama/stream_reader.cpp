#include "stream_reader.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "http_answer.h"
#include "json_scan.h"
#include "ollama_bench/core/clock.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

// Ollama leaves out what is zero; a negative number is no measurement.
std::optional<std::int64_t> CountOf(const json& line, const char* key) {
  const auto number = NumberOf(line, key);
  return number && *number >= 0 ? number : std::nullopt;
}

std::optional<std::chrono::nanoseconds> DurationOf(const json& line, const char* key) {
  const auto number = CountOf(line, key);
  if (!number) return std::nullopt;
  return std::chrono::nanoseconds(*number);
}

RunMetrics MetricsOf(const json& line) {
  RunMetrics metrics;
  metrics.total = DurationOf(line, "total_duration");
  metrics.load = DurationOf(line, "load_duration");
  metrics.prompt_eval_count = CountOf(line, "prompt_eval_count");
  metrics.prompt_eval_cached = CountOf(line, "prompt_eval_cached_count");
  metrics.prompt_eval = DurationOf(line, "prompt_eval_duration");
  metrics.eval_count = CountOf(line, "eval_count");
  metrics.eval = DurationOf(line, "eval_duration");
  return metrics;
}

Failure NoMetrics(std::string message) {
  return {FailureKind::kNoMetrics, std::move(message), {}, 1};
}

// Of a line of either interface; empty where it has none.
std::string SaidIn(const json& line) {
  const auto text_of = [](const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto message = line.find("message");
  if (message != line.end() && message->is_object()) return text_of(*message, "content");
  return text_of(line, "response");
}

}  // namespace

StreamReader::StreamReader(std::string path, bool keep_text, StreamRecord& record,
                           std::size_t longest_line)
    : path_(std::move(path)), keep_text_(keep_text), record_(record), longest_line_(longest_line) {}

bool StreamReader::Feed(std::string_view bytes, std::chrono::steady_clock::time_point arrived) {
  arrived_ = arrived;
  taken_ += bytes.size();
  if (taken_ > kLongestAnswer && !is_over_) {
    Break(NoMetrics("the server's answer is too long to be Ollama's"));
  }
  while (!bytes.empty() && !is_over_) {
    const auto end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (begun_.size() + part.size() > longest_line_) {
      begun_.clear();
      Break(NoMetrics("the server's answer has a line too long to be Ollama's"));
      break;
    }
    if (end == std::string_view::npos) {
      begun_.append(part);
      break;
    }
    bytes.remove_prefix(end + 1);
    if (begun_.empty()) {
      TakeLine(part);
    } else {
      begun_.append(part);
      TakeLine(std::exchange(begun_, std::string()));
    }
  }
  return !is_over_;
}

void StreamReader::TakeLine(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  LineFacts facts;
  if (!ScanLine(line, facts)) {
    error_line_ = line;
    const auto answer = ParseAnswer(path_, error_line_);
    return Break(answer ? NoMetrics("a line of the answer cannot be read") : answer.error());
  }
  if (facts.has_error) {
    error_line_ = line;
    record_.end = StreamEnd::kErrorLine;
    record_.failure = RefusedAnswer(path_, 200, error_line_);
    is_over_ = true;
    return;
  }
  const ChunkKind kind = facts.has_text       ? ChunkKind::kText
                         : facts.has_thinking ? ChunkKind::kThinking
                                              : ChunkKind::kEmpty;
  if (kind != ChunkKind::kEmpty && !record_.first_text) record_.first_text = arrived_;
  if (kind == ChunkKind::kText && !record_.first_answer) record_.first_answer = arrived_;
  if (keep_text_ && kind == ChunkKind::kText) {
    const auto answer = ParseAnswer(path_, std::string(line));
    if (!answer) return Break(answer.error());
    record_.text += SaidIn(*answer);
  }
  if (facts.is_done) return TakeLastLine(std::string(line));
  if (record_.chunks.size() == kMostChunks) {
    return Break(NoMetrics("the server's answer has too many lines to be Ollama's"));
  }
  record_.chunks.push_back({arrived_, SecondsSince1970(facts.created_at).value_or(0), kind});
}

void StreamReader::TakeLastLine(const std::string& line) {
  const auto answer = ParseAnswer(path_, line);
  if (!answer) return Break(answer.error());
  record_.metrics = MetricsOf(*answer);
  record_.done_reason = TextOf(*answer, "done_reason");
  record_.done = arrived_;
  record_.end = StreamEnd::kDone;
  is_over_ = true;
}

void StreamReader::Break(Failure failure) {
  record_.end = StreamEnd::kBroken;
  record_.failure = std::move(failure);
  is_over_ = true;
}

void StreamReader::Finish(int status) {
  if (status < 200 || status > 299) {
    record_.done.reset();
    record_.end = StreamEnd::kRefused;
    record_.failure = RefusedAnswer(path_, status, error_line_.empty() ? begun_ : error_line_);
    return;
  }
  // The last line may lack its line end.
  if (!is_over_) TakeLine(std::exchange(begun_, std::string()));
  if (is_over_) return;
  record_.end = StreamEnd::kUnfinished;
  record_.failure = NoMetrics("the answer ended before its last line");
}

}  // namespace ollama_bench
