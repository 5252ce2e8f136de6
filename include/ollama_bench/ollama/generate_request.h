#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/workload/stream_record.h"

namespace ollama_bench {

/// One prompt for /api/generate, or a conversation for /api/chat.
struct GenerateRequest {
  std::string model;
  std::string prompt;
  std::optional<Cell> cell;  ///< options that override the model's; empty: as the model has them
  int num_predict = 2;       ///< tokens
  bool raw = false;          ///< without the model's template and SYSTEM text around it
  std::chrono::milliseconds timeout{360'000};  ///< for the whole answer
  std::optional<int> seed = std::nullopt;      ///< of the sampler; empty: another for each request
  std::vector<ChatMessage> messages = {};      ///< the conversation; empty: the prompt
};

/// The request as a streaming client sends it, at once. Bytes of the prompt that are not UTF-8 are
/// replaced.
StreamRequest StreamRequestOf(const GenerateRequest& request);

/// Asks the server to take the model out of memory once nothing uses it.
StreamRequest UnloadRequestOf(const std::string& model);

}  // namespace ollama_bench
