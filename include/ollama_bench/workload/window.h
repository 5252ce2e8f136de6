#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/core/traffic.h"
#include "ollama_bench/core/window.h"
#include "ollama_bench/workload/request_client.h"

namespace ollama_bench {

/// The load of one window: either of the first two.
struct WindowPlan {
  std::optional<int> concurrency;      ///< closed loop: so many users, each with one request
  std::optional<double> request_rate;  ///< open loop: requests per second, whatever is answered
  int num_predict = 64;                ///< tokens to ask for
  TrafficOptions traffic;
  std::uint64_t seed = 1;  ///< of the arrivals
};

/// What a window gave.
struct WindowReport {
  Window window;
  std::vector<RequestFigures> requests;  ///< in the order in which they ended
  /// Of the request of median duration among those counted.
  RunMetrics metrics;
  std::optional<std::chrono::nanoseconds> first_token;
  std::chrono::steady_clock::time_point measured_from;
};

/// A request of the window, with a prompt of its own, that asks for so many tokens. Called on any
/// thread, one call at a time.
using RequestMaker = std::function<StreamRequest(int num_predict)>;

/// Brings the server under the planned load and measures it there:
/// - One request alone says what the server's clock shows as a queue wait where nobody waits.
/// - Closed loop: all users begin with answers of different lengths, so that they do not go in
///   step; what is measured begins when each has finished its first, and ends with a completion:
///   the one that was asked for, or the twelfth for each user where that is later.
/// - Open loop: requests are sent when they are due; what is measured begins once a request was
///   answered that was sent after the first answer. Requests go on being sent behind its end, as
///   many as were in flight then, so that those that are counted meet the same load to their end.
/// No slot is drained at the beginning. What is in flight at the end is let finish, and is counted
/// only by the open loop.
///
/// Blocks; `on_idle`, where given, is called a few times a second. A stop request cancels what is
/// in flight: the window is then marked as cut. Failures: kInterrupted where nothing was measured
/// before the stop, and what all requests met, or what shows that the server is gone.
Expected<WindowReport, Failure> RunWindow(const WindowPlan& plan, RequestClient& client,
                                          const RequestMaker& make, const StopRequest& stop,
                                          const std::function<void()>& on_idle = nullptr);

}  // namespace ollama_bench
