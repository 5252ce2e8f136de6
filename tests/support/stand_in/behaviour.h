#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace ollama_bench::stand_in {

/// Which of Ollama's generations the stand-in plays. The versions name the transcripts that show
/// the difference; where two transcripts differ and the step between them is not known, the later
/// version's own number is the limit.
class Behaviour {
 public:
  explicit Behaviour(std::string version);

  [[nodiscard]] const std::string& version() const { return version_; }
  /// "Error: 400 Bad Request: …" instead of "Error: …": v0.13.5/create_missing_file.stderr.
  [[nodiscard]] bool status_before_error() const { return AtLeast(0, 13, 0); }
  /// v0.32.15/run_server_down.stderr has no "ollama server not responding - ".
  [[nodiscard]] bool short_connect_error() const { return AtLeast(0, 32, 0); }
  /// /api/ps tells context_length from v0.10 on.
  [[nodiscard]] bool tells_context_length() const { return AtLeast(0, 10, 0); }
  /// num_ctx above the trained context is cut to it, and /api/ps says so
  /// (v0.32.15/api_ps_ctx_above_trained.json); v0.13.5's tells the requested one.
  [[nodiscard]] bool tells_effective_context() const { return AtLeast(0, 14, 0); }
  /// num_batch above num_ctx is cut to it from v0.11.11 on.
  [[nodiscard]] bool clamps_batch() const { return AtLeast(0, 11, 11); }
  /// A prompt above the context is cut to about half of it
  /// (v0.32.15/run_prompt_longer_than_context.stderr: 258 of 512), before to all of it (512).
  [[nodiscard]] bool halves_long_prompts() const { return AtLeast(0, 30, 0); }
  /// Models run in llama-server from v0.30 on.
  [[nodiscard]] bool runs_llama_server() const { return AtLeast(0, 30, 0); }
  /// Releases after v0.32 print "prompt eval cached:" and leave those tokens out of the rate.
  [[nodiscard]] bool tells_cached() const { return AtLeast(0, 33, 0); }
  /// Bytes that the client's line buffer holds; a last line above it loses all metrics.
  [[nodiscard]] std::size_t line_buffer() const {
    return AtLeast(0, 14, 0) ? 8U * 1024 * 1024 : 512U * 1024;
  }
  /// eval_duration of a single token: run_predict_1.stderr of the three versions.
  [[nodiscard]] std::chrono::nanoseconds single_token() const;

 private:
  [[nodiscard]] bool AtLeast(int major, int minor, int patch) const {
    return number_ >= std::array<int, 3>{major, minor, patch};
  }

  std::string version_;
  std::array<int, 3> number_{};
};

}  // namespace ollama_bench::stand_in
