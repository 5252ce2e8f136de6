// Any bytes in a configuration's file: a checked configuration, or errors that can be shown.

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <set>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"
#include "require.h"

namespace ollama_bench {
namespace {

void CheckConfig(const SweepConfig& config) {
  Require(config.model.empty() || config.modelfile.empty());
  Require(config.model.empty() || IsValidModelName(config.model));
  Require(config.space.CellCount() <= kMostCells);
  std::set<Parameter> seen;
  for (const Axis& axis : config.space.axes) {
    const ParameterInfo& info = Describe(axis.parameter);
    Require(seen.insert(axis.parameter).second && !axis.values.empty());
    Require(std::set<int>(axis.values.begin(), axis.values.end()).size() == axis.values.size());
    for (const int value : axis.values) Require(value >= info.lowest && value <= info.highest);
  }
  Require(config.num_predict >= 1 && config.timeout.count() >= 1);
  if (const auto* prompt = std::get_if<PromptText>(&config.prompt)) {
    Require(ValidUtf8Length(prompt->text) == prompt->text.size());
  }
}

void CheckErrors(const std::vector<ConfigError>& errors) {
  Require(!errors.empty() && errors.size() <= 100);
  for (const ConfigError& error : errors) {
    const std::string line = FormatConfigError(error);
    Require(Printable(line, false) == line && line.size() < 4'000);
  }
}

}  // namespace
}  // namespace ollama_bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = memfd_create("config", MFD_CLOEXEC);
  const bool written = write(file, data, size) == static_cast<ssize_t>(size);
  const auto path = fmt::format("/proc/self/fd/{}", file);
  if (written) {
    const auto loaded = ollama_bench::LoadSweepConfig(path, {});
    if (loaded) {
      ollama_bench::CheckConfig(*loaded);
    } else {
      ollama_bench::CheckErrors(loaded.error());
    }
  }
  close(file);
  return 0;
}
