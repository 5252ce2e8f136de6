#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/stand_in/behaviour.h"
#include "support/stand_in/metrics.h"
#include "support/stand_in/models.h"
#include "support/stand_in/script.h"

namespace ollama_bench::stand_in {

/// A model in memory.
struct Runner {
  std::string model;  ///< the name it was loaded under
  std::string digest;
  std::string weights;  ///< what runners are keyed by
  std::int64_t num_ctx = 0;
  std::int64_t requested_ctx = 0;
  std::int64_t num_batch = 0;
  std::int64_t size = 0;
  std::int64_t size_vram = 0;
  std::vector<std::uint64_t> last_prompt;  ///< what the prefix cache holds
  std::optional<std::int64_t> polls_left;  ///< set once unloading: polls until it is gone
};

struct Prompt {
  std::string text;
  bool raw = false;    ///< without the template
  Parameters options;  ///< of the request; they beat the model's
};

struct Answer {
  Metrics metrics;
  std::vector<std::string> pieces;  ///< the generated text, one entry per token
  std::string error = {};           ///< why the model did not load; else empty
  bool metrics_lost = false;        ///< the last line outgrew the client's buffer
};

/// What the runners would do, with all times made up: a (re)load when the weights' runner is
/// missing or num_ctx or num_batch changed, the prefix cache, prompts cut to the context, and rates
/// as the script says. Nothing here waits.
class Engine {
 public:
  /// Loads what the script wants loaded from the start.
  Engine(const Script& script, const Models& models);

  /// Whether loads are logged on standard error, as a server does.
  void LogLoads(bool log) { logs_ = log; }
  /// Answers `prompt` with `model`; `act` is the script's "do", or null.
  Answer Run(const Script& script, const Model& model, const Prompt& prompt, const Json& act);
  /// Starts to unload the runner of `model`: it is listed for the script's "unload_polls" more.
  void Unload(const Script& script, const Model& model);
  /// The runner of `model` is gone at once, as after a crash.
  void Drop(const Model& model);
  /// What /api/ps lists now; counts as a poll.
  std::vector<Runner> Poll();

 private:
  Runner& Load(const Script& script, const Model& model, const Parameters& options, const Json& act,
               bool& reloaded);
  double Noise(const Script& script);

  std::vector<Runner> runners_;
  std::uint64_t noise_draws_ = 0;
  bool logs_ = false;
};

/// The options of a run: the model's parameters, then the request's.
Parameters Merge(const Parameters& model, const Parameters& request);

}  // namespace ollama_bench::stand_in
