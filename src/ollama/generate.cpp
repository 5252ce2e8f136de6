#include "generate.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <thread>

#include "cli_output.h"
#include "http_answer.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/core/unique_fd.h"
#include "ollama_bench/ollama/version_facts.h"
#include "options.h"

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
  has_begun_ = true;
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

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTimeout{5};
// The deadline is ours to keep; the library's must only not be earlier.
constexpr std::chrono::seconds kReadSlack{60};
constexpr milliseconds kCutAgain{20};
constexpr milliseconds kIdleTick{200};
constexpr milliseconds kLongestWait{60'000};

std::string BodyOf(const GenerateRequest& request) {
  json options = OptionsOf(request.cell.value_or(Cell()));
  options["num_predict"] = request.num_predict;
  const json body = {{"model", request.model},
                     {"prompt", request.prompt},
                     {"keep_alive", "30m"},
                     {"raw", request.raw},
                     {"options", std::move(options)}};
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// One exchange with the server, on a thread of its own.
class Exchange {
 public:
  Exchange(const ServerAddress& address, const GenerateRequest& request)
      : address_(address), client_(address.Origin()) {
    ConnectEnds();
    client_.set_connection_timeout(kConnectTimeout);
    client_.set_read_timeout(std::chrono::ceil<std::chrono::seconds>(request.timeout) + kReadSlack);
    thread_ = std::thread([this, body = BodyOf(request)]() mutable { Talk(std::move(body)); });
  }
  ~Exchange() {
    if (thread_.joinable()) thread_.join();
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Hangs up once the exchange has ended.
  [[nodiscard]] int done_fd() const { return done_.get(); }

  /// Ends the exchange before its time. A connection that is just being made cannot be cut, so that
  /// one cut may not be enough.
  void Cut() {
    pollfd done = {done_.get(), POLLIN, 0};
    do {
      client_.stop();
    } while (poll(&done, 1, kCutAgain.count()) == 0);
  }

  /// Only after the end, and once.
  Expected<GenerateAnswer, Failure> Result() {
    // The hang-up says that all is written; only the join lets the language know it.
    thread_.join();
    if (!result_ && !stream_ended_) {
      return Unexpected<Failure>(NoAnswer(address_, kPath, result_.error()));
    }
    const auto metrics = stream_.Finish(result_ ? result_->status : 200);
    if (!metrics) return Unexpected<Failure>(metrics.error());
    return GenerateAnswer{*metrics, first_token_};
  }

 private:
  void Talk(std::string body) {
    httplib::Request request;
    request.method = "POST";
    request.path = address_.path + kPath;
    request.body = std::move(body);
    request.set_header("Content-Type", "application/json");
    request.content_receiver = [this](const char* data, std::size_t size, std::uint64_t,
                                      std::uint64_t) {
      stream_ended_ = !stream_.Feed({data, size});
      if (!first_token_ && stream_.has_begun()) first_token_ = steady_clock::now() - sent_;
      return !stream_ended_;
    };
    sent_ = steady_clock::now();
    result_ = client_.send(request);
    under_way_.Reset();
  }

  void ConnectEnds() {
    auto ends = MakePipe();
    if (!ends) throw std::system_error(errno, std::generic_category(), "pipe");
    done_ = std::move(ends->read_end);
    under_way_ = std::move(ends->write_end);
  }

  ServerAddress address_;
  httplib::Client client_;
  GenerateStream stream_;
  bool stream_ended_ = false;  // by us: nothing more was needed
  steady_clock::time_point sent_;
  std::optional<std::chrono::nanoseconds> first_token_;
  httplib::Result result_{nullptr, httplib::Error::Unknown};
  UniqueFd done_;
  UniqueFd under_way_;  // open while the thread talks
  std::thread thread_;
};

enum class End { kAnswered, kTimedOut, kStopped };

End Wait(int done_fd, milliseconds timeout, const StopRequest& stop,
         const std::function<void()>& on_idle) {
  const auto until = steady_clock::now() + timeout;
  while (true) {
    std::array<pollfd, 2> fds = {pollfd{done_fd, POLLIN, 0}, pollfd{stop.wake_fd(), POLLIN, 0}};
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) return End::kTimedOut;
    const milliseconds limit = std::min(left, on_idle ? kIdleTick : kLongestWait);
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(limit.count()));
    if (stop.Requested()) return End::kStopped;
    if (ready > 0 && fds[0].revents != 0) return End::kAnswered;
    if (ready == 0 && on_idle) on_idle();
  }
}

}  // namespace

Expected<GenerateAnswer, Failure> Generate(const ServerAddress& address,
                                           const GenerateRequest& request, const StopRequest& stop,
                                           const std::function<void()>& on_idle) {
  if (stop.Requested()) {
    return Unexpected<Failure>(Failure{FailureKind::kInterrupted, "stopped", {}, 1});
  }
  Exchange exchange(address, request);
  const End end = Wait(exchange.done_fd(), request.timeout, stop, on_idle);
  if (end == End::kAnswered) return exchange.Result();
  exchange.Cut();
  if (end == End::kStopped) {
    return Unexpected<Failure>(Failure{FailureKind::kInterrupted, "stopped", {}, 1});
  }
  return Unexpected<Failure>(
      Failure{FailureKind::kTimeout,
              fmt::format("{}: not done after {}", kPath, FormatDuration(request.timeout)),
              {},
              1});
}

Expected<void, Failure> ForgetPrompt(OllamaApi& api, const std::string& version,
                                     const std::string& model, std::optional<Cell> cell,
                                     const StopRequest& stop) {
  GenerateRequest request;
  request.model = model;
  request.prompt = ".";
  request.cell = cell;
  request.num_predict = 1;
  request.raw = true;
  const auto parsed = ParseOllamaVersion(version);
  if (parsed && KeepsDisplacedPrompts(*parsed)) {
    if (std::string opening = api.PromptOpening(model, cell); !opening.empty()) {
      request.prompt = std::move(opening);
    }
  }
  const auto answer = Generate(api.address(), request, stop);
  // Without a figure for so short a prompt it was read all the same.
  if (answer || answer.error().kind == FailureKind::kNoMetrics) return {};
  return Unexpected<Failure>(answer.error());
}

Expected<RunMetrics, Failure> GenerateTokens(const ServerAddress& address, const std::string& model,
                                             std::optional<Cell> cell, int tokens,
                                             milliseconds timeout, const StopRequest& stop,
                                             const std::function<void()>& on_idle) {
  GenerateRequest request;
  request.model = model;
  request.prompt = "One, two, three, four, five, six, seven, eight, nine, ten, eleven,";
  request.cell = cell;
  request.num_predict = tokens;
  request.raw = true;
  request.timeout = timeout;
  const auto answer = Generate(address, request, stop, on_idle);
  if (!answer) return Unexpected<Failure>(answer.error());
  return answer->metrics;
}

}  // namespace ollama_bench
