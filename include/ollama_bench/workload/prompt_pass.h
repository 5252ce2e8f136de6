#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/workload/request_client.h"

namespace ollama_bench {

/// One request of a pass that has ended.
struct PassAnswer {
  std::size_t turn = 0;              ///< its number in the pass, from 0
  std::size_t slot = 0;              ///< of those in flight, from 0
  bool is_first_after_load = false;  ///< sent while the model was not known to be in memory
  StreamRecord record;
};

struct PassOptions {
  std::size_t turns = 0;
  std::size_t concurrency = 1;  ///< requests in flight
  bool is_loaded = false;       ///< whether the model is in memory when it begins
};

struct PassSeams {
  /// The request of a turn. Called on the client's thread as well, never twice at a time.
  std::function<StreamRequest(std::size_t turn)> request;
  /// Called on the caller's thread. False ends the pass.
  std::function<bool(PassAnswer answer)> on_answer;
  /// Called there now and then.
  std::function<void()> on_idle;
};

struct PassEnd {
  enum class Reason {
    kDone,
    kStopRequested,
    kHopeless,  ///< requests failed one after another as all others would: see `failure`
    kRefused,   ///< by on_answer
  };
  Reason reason = Reason::kDone;
  std::optional<Failure> failure = std::nullopt;  ///< the last one
};

/// Sends the requests of a pass in turn, the next one as soon as one has ended, and gives each that
/// ended to on_answer. At its end no request is in flight: those that were are cancelled, and given
/// to on_answer as such.
PassEnd RunPass(RequestClient& client, const PassOptions& options, const PassSeams& seams,
                const StopRequest& stop);

}  // namespace ollama_bench
