#pragma once

#include <string>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/ollama/server_address.h"
#include "ollama_bench/session/session_driver.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"

namespace ollama_bench {

inline constexpr const char* kUsualProgram = "ollama";

/// What a driver is chosen by, for a server; a recording has its own.
struct DriverWish {
  const DriverOptions& options;
  const SweepConfig& config;
  const std::string& stored_driver;  ///< of earlier results; may be empty
  const std::string& program;        ///< Ollama's
  const ServerAddress& server;       ///< that the user has
};

struct DriverChoice {
  DriverKind kind = DriverKind::kCli;
  bool is_fallback = false;  ///< the API, for want of a program: a server has to answer
};

/// The driver as SessionDriver::Open has it. The error says what the driver cannot do with the
/// configuration and the options, and what can. Nothing is contacted.
Expected<DriverChoice, SessionError> ChooseDriver(const DriverWish& wish);

/// The programs whose servers are measured, one after the other.
std::vector<std::string> ProgramsOf(const SweepConfig& config, const std::string& program);
/// The models that are measured, by the names that the user gave.
std::vector<std::string> ModelsOf(const SweepConfig& config);

}  // namespace ollama_bench
