#include "ollama_bench/ollama/present_setting.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "generate.h"
#include "ollama_bench/core/text.h"
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

// As Ollama takes it in a Modelfile ("+8192", "T") and shows it ("1.048576e+06").
std::optional<double> ReadNumber(ParameterType type, const std::string& text) {
  if (type == ParameterType::kSwitch) {
    const char first = text.empty() ? ' ' : Lower(text).front();
    if (first == 't' || first == '1') return 1;
    return first == 'f' || first == '0' ? std::optional<double>(0) : std::nullopt;
  }
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double number = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

Cell ReadParameters(const std::vector<std::pair<std::string, std::string>>& parameters) {
  Cell named;
  for (const auto& [name, value] : parameters) {
    const auto parameter = ParameterFromKey(name);
    if (!parameter || Describe(*parameter).scope != Scope::kModel) continue;
    const ParameterInfo& info = Describe(*parameter);
    const auto number = ReadNumber(info.type, value);
    // Ollama gives numbers below the bounds (-1) a meaning of their own: its default.
    const bool counts = number && *number >= info.lowest && *number <= info.highest;
    named.Set(*parameter, counts ? static_cast<int>(*number) : kAutoValue);
  }
  return named;
}

std::vector<std::pair<std::string, std::string>> SplitShownParameters(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    const auto blank = line.find_first_of(" \t");
    if (blank != std::string_view::npos) {
      parameters.emplace_back(line.substr(0, blank), Trim(line.substr(blank)));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parameters;
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
