#include "model_finder.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace ollama_bench {

Expected<std::optional<ModelfileTemplate>, SessionError> ReadTemplate(const SweepConfig& config) {
  if (config.modelfile.empty()) return std::optional<ModelfileTemplate>();
  // With room for licences; somebody may have meant the weights.
  constexpr std::uintmax_t kMostMiB = 4;
  std::error_code error;
  const auto size = std::filesystem::file_size(config.modelfile, error);
  if (!error && size > kMostMiB << 20U) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} is larger than {} MiB and so no Modelfile; weights are named by "
                            "FROM in one",
                            config.modelfile.string(), kMostMiB));
  }
  std::ifstream in(config.modelfile, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto modelfile = Modelfile::Parse(bytes);
  if (!modelfile) {
    return Fail(ExitCode::kUsage,
                fmt::format("{}: {}", config.modelfile.string(), modelfile.error()));
  }
  return std::optional<ModelfileTemplate>({*modelfile, config.modelfile.parent_path()});
}

std::string ModelDescription(const SweepConfig& config) {
  return config.model.empty() ? config.modelfile.string() : config.model;
}

}  // namespace ollama_bench
