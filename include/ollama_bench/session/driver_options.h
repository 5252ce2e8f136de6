#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ollama_bench {

/// What to measure with.
struct DriverOptions {
  std::string driver;             ///< "cli", "api" or "replay"; empty: whichever can be had
  std::string host;               ///< empty: OLLAMA_HOST, else Ollama's default
  std::string ollama = "ollama";  ///< Ollama's program
  std::string temporary_model;    ///< empty: named after the store
  std::filesystem::path replay;   ///< the recording; empty: none
  double replay_noise = 0;        ///< see ReplayOptions
  std::uint64_t seed = 1;         ///< of all that is drawn at random
};

}  // namespace ollama_bench
