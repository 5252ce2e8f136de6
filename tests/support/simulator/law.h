#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ollama_bench/core/expected.h"

namespace ollama_bench::simulator {

using Json = nlohmann::ordered_json;

/// How the answers of some requests go wrong.
struct Fault {
  enum class Kind {
    kError,   ///< a line {"error": …} under status 200, then a regular end
    kNoDone,  ///< a regular end without a last line
    kCut,     ///< the connection is closed within the answer
    kRefuse,  ///< a status in place of an answer
  };
  Kind kind = Kind::kError;
  std::int64_t every = 1;         ///< of every so many requests, the last
  std::int64_t after_tokens = 1;  ///< that come before; not of kRefuse
  int status = 500;               ///< of kRefuse
  std::string message;
};

/// How many tokens an answer has, where that is not what the request asks for. It is never more
/// than that; a shorter answer ends with an end token, which counts and has no text.
struct Length {
  enum class Kind { kAsked, kFixed, kGeometric, kUniform };
  Kind kind = Kind::kAsked;
  double mean = 0;        ///< of kGeometric
  std::int64_t low = 1;   ///< of kUniform, and the length of kFixed
  std::int64_t high = 1;  ///< of kUniform
};

/// The server stops for a time: nothing is computed, nothing is answered, and what comes waits.
struct Stall {
  std::optional<double> at_s;              ///< from the server's start, or
  std::optional<std::int64_t> at_request;  ///< as this request (from 1) arrives
  double for_s = 0;
};

/// What the simulated server is, all of it known. In JSON, with the values of a key left out; an
/// unknown key is an error:
///
///     {
///       "version": "0.11.4-simulated", "model": "simulated:latest", "trained_context": 8192,
///       "slots": 1,                        // answers at a time; others wait, first in first out
///       "queue_limit": 512,                // waiting; above it status 503
///       "overhead_s": 0,                   // before a request waits for a slot; in total alone
///       "load_s": 0,                       // of the model, at first, after an unload, and for
///                                          // other options of loading
///       "prefill_s": {"a": 0.005, "b": 0}, // a + b for each token of the prompt: each word is one
///       "cached_share": 0,                 // of the prompt's tokens that cost nothing
///       "reports_cached": false,           // as prompt_eval_cached_count
///       "step_s": 0.02,                    // of a token after the first, while one slot is busy
///       "step_slope": 0,                   // step × (1 + slope × other busy slots), or
///       "step_s_by_active": [0.02, 0.03],  // by busy slots; the last holds for more
///       "jitter": 0,                       // sigma of a request's own factor of the step:
///                                          // lognormal, its mean is 1
///       "drift_per_s": 0,                  // speed × (1 + drift × seconds since the start)
///       "wave": {"amplitude": 0, "period_s": 60},  // speed × (1 + amplitude × sine)
///       "noise": {"sigma": 0, "block_s": 20},      // speed × a lognormal factor of each block
///       "tokens": {"kind": "asked"},       // or {"kind": "fixed", "count": 64},
///                                          // {"kind": "geometric", "mean": 64},
///                                          // {"kind": "uniform", "low": 1, "high": 64}
///       "default_tokens": 128,             // where a request asks for no number, or no limit
///       "tokens_per_chunk": 1,
///       "thinking": 0,                     // so many tokens at first are thought, not said
///       "empty_first_chunk": false,        // the first token has no text
///       "utf8_holdback": 0,                // each so-many-th token is sent with the next one
///       "faults": [{"kind": "error", "every": 5, "after_tokens": 3, "message": "…"}],
///                                          // kinds error, no_done, cut, refuse (with "status");
///                                          // the first that fits holds
///       "stall": {"at_s": 3, "for_s": 2},  // or {"at_request": 50, "for_s": 2}
///       "seed": 1
///     }
///
/// The speed is that at which a prefill or a step begins. Speeds divide times.
struct Law {
  std::string version = "0.11.4-simulated";
  std::string model = "simulated:latest";
  std::int64_t trained_context = 8192;
  std::int64_t slots = 1;
  std::int64_t queue_limit = 512;
  double overhead_s = 0;
  double load_s = 0;
  double prefill_a_s = 0.005;
  double prefill_b_s = 0;
  double cached_share = 0;
  bool reports_cached = false;
  std::vector<double> step_s = {0.02};  ///< by busy slots
  double step_slope = 0;
  double jitter = 0;
  double drift_per_s = 0;
  double wave_amplitude = 0;
  double wave_period_s = 60;
  double noise_sigma = 0;
  double noise_block_s = 20;
  Length length;
  std::int64_t default_tokens = 128;
  std::int64_t tokens_per_chunk = 1;
  std::int64_t thinking = 0;
  bool empty_first_chunk = false;
  std::int64_t utf8_holdback = 0;
  std::vector<Fault> faults;
  std::optional<Stall> stall;
  std::uint64_t seed = 1;

  [[nodiscard]] double PrefillSeconds(std::int64_t tokens) const;
  /// While `active` slots are busy, at speed 1 and without jitter.
  [[nodiscard]] double StepSeconds(std::int64_t active) const;
  /// At so many seconds after the server's start. At least 0.05.
  [[nodiscard]] double Speed(double seconds) const;
  /// Of the request's step; 1 on average.
  [[nodiscard]] double Jitter(std::uint64_t request) const;
  /// Tokens of the answer to a request that asks for `asked`; 0 or less asks for no number.
  [[nodiscard]] std::int64_t Tokens(std::uint64_t request, std::int64_t asked) const;
  /// Null where the request's answer is sound.
  [[nodiscard]] const Fault* FaultOf(std::uint64_t request) const;
};

/// The error says what is wrong with it.
Expected<Law, std::string> ParseLaw(const std::string& text);

}  // namespace ollama_bench::simulator
