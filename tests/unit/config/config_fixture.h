#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "support/temporary_folder.h"

namespace ollama_bench {

/// A folder of its own for each test, with the configuration that is loaded as "sweep.yaml" in it.
class ConfigTest : public testing::Test {
 protected:
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

  std::filesystem::path Write(const std::string& name, std::string_view content) const {
    folder_.Write(name, std::string(content));
    return folder_ / name;
  }

  [[nodiscard]] Expected<SweepConfig, std::vector<ConfigError>> Load(
      std::string_view yaml, const ConfigOverrides& overrides = {}) const {
    return LoadSweepConfig(Write("sweep.yaml", yaml), overrides);
  }

  /// The errors of a configuration, one in a line, without the folder's path.
  [[nodiscard]] std::string ErrorsOf(std::string_view yaml,
                                     const ConfigOverrides& overrides = {}) const {
    return Lines(Load(yaml, overrides));
  }

  [[nodiscard]] std::string Lines(
      const Expected<SweepConfig, std::vector<ConfigError>>& loaded) const {
    if (loaded) return "(loads)";
    std::string lines;
    for (const ConfigError& error : loaded.error()) lines += FormatConfigError(error) + "\n";
    const std::string prefix = folder().string() + "/";
    for (std::size_t at = lines.find(prefix); at != std::string::npos; at = lines.find(prefix)) {
      lines.erase(at, prefix.size());
    }
    return lines;
  }

  /// What every configuration needs beside the part that a test is about.
  static std::string With(std::string_view rest) {
    return "model: m\nnum_ctx: 1024\nnum_batch: 64\n" + std::string(rest);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace ollama_bench
