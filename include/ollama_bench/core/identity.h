#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ollama_bench {

/// What two samples must share to be comparable. Empty strings and nullopt mean "not known".
struct Identity {
  std::string model;                          ///< as the user names it
  std::string model_digest;                   ///< "sha256:…" of the base model's manifest
  std::string prompt_sha256;                  ///< of the prompt without its unique token
  std::optional<std::int64_t> prompt_tokens;  ///< as counted by the server, template included
  std::optional<int> num_predict;
  std::string driver;  ///< "cli", "api" or "replay"
  std::string ollama_version;

  friend bool operator==(const Identity&, const Identity&) = default;
};

/// Where a sweep ran. A difference here is worth a warning, not a refusal.
struct Environment {
  std::string host;
  std::string os;
  std::string cpu;
  std::vector<std::string> gpus;
  std::map<std::string, std::string>
      server_settings;  ///< OLLAMA_* and *_VISIBLE_DEVICES, where visible
  bool server_is_local = true;

  friend bool operator==(const Environment&, const Environment&) = default;
};

}  // namespace ollama_bench
