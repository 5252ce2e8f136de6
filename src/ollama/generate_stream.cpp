#include "generate_stream.h"

#include <chrono>
#include <cstdint>

#include "failure_classifier.h"
#include "http_answer.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

constexpr const char* kPath = "/api/generate";

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

}  // namespace

bool GenerateStream::Feed(std::string_view bytes) {
  while (!bytes.empty() && !metrics_ && !failure_) {
    const auto end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (line_.size() + part.size() > longest_line_) {
      failure_ = NoMetrics("the server's answer has a line too long to be Ollama's");
      line_.clear();
      break;
    }
    line_.append(part);
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    TakeLine(line_);
    line_.clear();
  }
  return !metrics_ && !failure_;
}

void GenerateStream::TakeLine(const std::string& line) {
  if (line.empty()) return;
  const auto answer = ParseAnswer(kPath, line);
  if (!answer) {
    failure_ = answer.error();
    return;
  }
  if (answer->contains("error")) {
    failure_ = RefusedAnswer(kPath, 200, line);
    error_line_ = line;
    return;
  }
  const auto done = answer->find("done");
  if (done != answer->end() && *done == true) metrics_ = MetricsOf(*answer);
}

Expected<RunMetrics, Failure> GenerateStream::Finish(int status) {
  if (status < 200 || status > 299) {
    // An error that came with a line end is read already, but not as an answer of that status.
    return Unexpected<Failure>(
        RefusedAnswer(kPath, status, error_line_.empty() ? line_ : error_line_));
  }
  if (!metrics_ && !failure_) TakeLine(line_);
  if (failure_) return Unexpected<Failure>(*failure_);
  if (!metrics_) return Unexpected<Failure>(NoMetrics("the answer ended before its last line"));
  if (!PromptEvalRate(*metrics_)) {
    return Unexpected<Failure>(NoMetrics("the answer has no prompt eval count and duration"));
  }
  return *metrics_;
}

}  // namespace ollama_bench
