#include "generate.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "ollama_bench/core/unique_fd.h"
#include "ollama_bench/ollama/stream_client.h"
#include "ollama_bench/ollama/version_facts.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdleTick{200};

// Waits until the other end of the pipe is closed, or a stop is requested.
void AwaitHangUp(int pipe_end, const StopRequest& stop, const std::function<void()>& on_idle) {
  while (true) {
    std::array<pollfd, 2> fds = {pollfd{pipe_end, POLLIN, 0}, pollfd{stop.wake_fd(), POLLIN, 0}};
    const int ready =
        poll(fds.data(), fds.size(), on_idle ? static_cast<int>(kIdleTick.count()) : -1);
    if (stop.Requested() || (ready > 0 && fds[0].revents != 0)) return;
    if (ready == 0 && on_idle) on_idle();
  }
}

// The record of the only request. Cancelled where a stop is requested.
StreamRecord Exchange(const OllamaApi& api, StreamRequest request, const StopRequest& stop,
                      const std::function<void()>& on_idle) {
  auto ends = MakePipe();
  if (!ends) throw std::system_error(errno, std::generic_category(), "pipe");
  StreamRecord record;
  {
    StreamClient client(api.address(), api.log());
    client.Send(std::move(request), [&](StreamRecord answered) {
      record = std::move(answered);
      ends->write_end.Reset();
    });
    AwaitHangUp(ends->read_end.get(), stop, on_idle);
  }  // what is under way is cancelled, and all is written
  return record;
}

}  // namespace

Expected<GenerateAnswer, Failure> Generate(const OllamaApi& api, const GenerateRequest& request,
                                           const StopRequest& stop,
                                           const std::function<void()>& on_idle) {
  if (stop.Requested()) return Unexpected<Failure>(Stopped());
  const StreamRecord record = Exchange(api, StreamRequestOf(request), stop, on_idle);
  if (record.end == StreamEnd::kCancelled || stop.Requested()) {
    return Unexpected<Failure>(Stopped());
  }
  if (record.failure) return Unexpected<Failure>(*record.failure);
  if (!PromptEvalRate(record.metrics)) {
    return Unexpected<Failure>(Failure{
        FailureKind::kNoMetrics, "the answer has no prompt eval count and duration", {}, 1});
  }
  return GenerateAnswer{record.metrics, TimeToFirstToken(record)};
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
  const auto answer = Generate(api, request, stop);
  // Without a figure for so short a prompt it was read all the same.
  if (answer || answer.error().kind == FailureKind::kNoMetrics) return {};
  return Unexpected<Failure>(answer.error());
}

Expected<RunMetrics, Failure> GenerateTokens(const OllamaApi& api, const std::string& model,
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
  const auto answer = Generate(api, request, stop, on_idle);
  if (!answer) return Unexpected<Failure>(answer.error());
  return answer->metrics;
}

}  // namespace ollama_bench
