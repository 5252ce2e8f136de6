#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "support/simulator/engine.h"

namespace ollama_bench::simulator {

/// The interfaces that stream text.
enum class Dialect { kGenerate, kChat, kOpenAiChat, kOpenAiCompletions };

/// What is asked for, read out of the request's body.
struct Asked {
  Request request;
  std::string id;  ///< the first word of the prompt, up to 64 bytes
  std::string model;
  bool streams = true;
  bool has_prompt = false;  ///< otherwise the model is to be loaded, or unloaded
  bool unloads = false;
};
/// `body` must be an object.
Asked ReadAsked(Dialect dialect, const Json& body);

/// Writes the lines of answers as the server they imitate does.
class Writer {
 public:
  Writer(Dialect dialect, std::string model) : dialect_(dialect), model_(std::move(model)) {}

  /// With its end of line. `now` is for its created_at.
  [[nodiscard]] std::string LineOf(const Piece& piece, const Progress& progress, const Law& law,
                                   std::chrono::system_clock::time_point now) const;
  /// The whole answer, not streamed.
  [[nodiscard]] std::string WholeOf(const std::string& text, const Progress& progress,
                                    const Law& law,
                                    std::chrono::system_clock::time_point now) const;
  /// The answer to a request without a prompt; `reason` is "load" or "unload".
  [[nodiscard]] std::string EmptyOf(const std::string& reason,
                                    std::chrono::system_clock::time_point now) const;
  [[nodiscard]] const char* ContentType() const;

 private:
  [[nodiscard]] bool IsOpenAi() const { return dialect_ >= Dialect::kOpenAiChat; }
  [[nodiscard]] Json OllamaLine(const std::string& text, bool is_thinking,
                                std::chrono::system_clock::time_point now) const;
  [[nodiscard]] std::string OpenAiLine(const Piece& piece, const Progress& progress,
                                       const std::string& text) const;

  Dialect dialect_;
  std::string model_;
};

/// The text of tokens, the first has number `first`.
std::string TextOf(std::int64_t first, std::int64_t tokens);

/// "2026-11-21T07:14:49.008674714Z"
std::string CreatedAt(std::chrono::system_clock::time_point time);

}  // namespace ollama_bench::simulator
