#include "ollama_bench/ollama/present_setting.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include "generate.h"
#include "ollama_bench/ollama/server_check.h"
#include "ollama_bench/ollama/version_facts.h"

namespace ollama_bench {
namespace {

// Loads the model as a plain request of the user's would.
std::optional<int> AskContext(const std::string& model, OllamaApi& api, Clock& clock,
                              const StopRequest& stop) {
  GenerateRequest request;
  request.model = model;
  request.prompt = "Hi";
  request.num_predict = 1;
  if (!Generate(api.address(), request, stop)) return std::nullopt;
  const auto loaded = FindLoaded(api, model);
  [[maybe_unused]] const auto unloaded = UnloadAndWait(api, clock, stop, model);
  if (!loaded || !loaded->context) return std::nullopt;
  if (*loaded->context <= 0 || *loaded->context > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  return static_cast<int>(*loaded->context);
}

}  // namespace

Cell ReadParameters(std::string_view text) {
  Cell named;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string value;
    if (!(words >> name)) continue;
    if (name == "PARAMETER" && !(words >> name)) continue;
    const auto parameter = ParameterFromKey(name);
    if (!parameter || !(words >> value)) continue;
    const ParameterInfo& info = Describe(*parameter);
    const auto number = ParseValue(*parameter, value);
    if (info.scope != Scope::kModel || !number) continue;
    // Ollama gives numbers below the bounds (-1) a meaning of their own: its default.
    if (*number >= info.lowest && *number <= info.highest) named.Set(*parameter, *number);
  }
  return named;
}

std::optional<PresentSetting> FindPresentSetting(const Cell& named, const std::string& model,
                                                 OllamaApi& api, Clock& clock,
                                                 const StopRequest& stop, MayLoad may_load) {
  const auto text = api.Version();
  const auto version = text ? ParseOllamaVersion(*text) : std::nullopt;
  if (!version) return std::nullopt;
  std::optional<int> num_ctx = DefaultNumCtx(*version);
  if (named.Sets(Parameter::kNumCtx)) num_ctx = named[Parameter::kNumCtx];
  if (!num_ctx && may_load == MayLoad::kYes) num_ctx = AskContext(model, api, clock, stop);
  if (!num_ctx) return std::nullopt;
  const auto details = api.Show(model);
  if (details && details->trained_context && RulesOfVersion(*version).cuts_context_to_trained) {
    num_ctx = static_cast<int>(std::min<std::int64_t>(*num_ctx, *details->trained_context));
  }
  PresentSetting setting;
  setting.cell = named;
  setting.cell.Set(Parameter::kNumCtx, *num_ctx);
  if (!named.Sets(Parameter::kNumBatch)) {
    setting.cell.Set(Parameter::kNumBatch, DefaultNumBatch(*version, *num_ctx));
  }
  setting.source = named != Cell() ? "Modelfile" : "Ollama default";
  return setting;
}

}  // namespace ollama_bench
