#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

namespace ollama_bench {

/// What the command line says of how to measure.
struct DriverOptions {
  std::string driver;             ///< "cli", "api" or "replay"; empty: whichever can be had
  std::string host;               ///< empty: OLLAMA_HOST, else Ollama's default
  std::string ollama = "ollama";  ///< Ollama's program
  std::string temporary_model;    ///< empty: named after the store
  std::filesystem::path replay;   ///< the recording; empty: none
  double replay_noise = 0;        ///< see ReplayOptions
  std::uint64_t seed = 1;         ///< of all that is drawn at random
};

/// Adds the flags that fill `options`, which must outlive `app`.
void AddDriverFlags(CLI::App& app, DriverOptions& options);

}  // namespace ollama_bench
