#pragma once

#include <filesystem>
#include <string>

namespace ollama_bench {

/// One thing that is wrong with a configuration. All texts are printable and hold no newline.
struct ConfigError {
  std::filesystem::path file;  ///< empty where the value came from the command line
  int line = 0;                ///< from 1; 0 where there is none
  int column = 0;              ///< from 1; told for YAML syntax only, else 0
  std::string field;           ///< "num_ctx.step", "--ctx-step"; empty for the file as a whole
  std::string value;           ///< as given, shortened; empty where nothing was given
  std::string message;         ///< what is wrong: "0 is below 1"
  std::string remedy;          ///< what to do: "write a whole number from 1 to 1000"

  friend bool operator==(const ConfigError&, const ConfigError&) = default;
};

/// "sweep.yaml:7: num_ctx.step: 0 is below 1; write …", or "--ctx-step: 0 is below 1; write …".
std::string FormatConfigError(const ConfigError& error);

}  // namespace ollama_bench
