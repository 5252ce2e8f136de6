#include "ollama_bench/ollama/present_setting.h"

#include <fmt/format.h>

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
  if (!Generate(api, request, stop)) return std::nullopt;
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

namespace {

struct Context {
  int tokens = 0;
  std::string source;
};

// As Ollama reads it: what is no number is passed over.
std::optional<int> ReadVariable(const std::optional<std::string>& variable) {
  if (!variable) return std::nullopt;
  int tokens = 0;
  const char* const end = variable->data() + variable->size();
  const auto [rest, error] = std::from_chars(variable->data(), end, tokens);
  const bool is_number = error == std::errc() && rest == end && tokens > 0;
  return is_number ? std::optional(tokens) : std::nullopt;
}

/// Where the model names no context.
class ContextQuestion {
 public:
  ContextQuestion(const std::optional<OllamaVersion>& version, const SeenServer& seen)
      : version_(version), seen_(seen) {
    if (version_) usual_ = DefaultNumCtx(*version_);
  }

  /// Without a load; empty where only one can tell.
  [[nodiscard]] std::optional<Context> Known() const {
    if (const auto set = ReadVariable(seen_.context_variable)) {
      return Context{*set, "OLLAMA_CONTEXT_LENGTH, present in the server's environment"};
    }
    const bool is_unset = seen_.context_variable && seen_.context_variable->empty();
    if (is_unset && usual_) return Context{*usual_, "Ollama default"};
    return IsReported() ? std::nullopt : Assumed();
  }
  /// After a load that told nothing.
  [[nodiscard]] std::optional<Context> Assumed() const {
    if (!usual_) return std::nullopt;
    return Context{*usual_, "assumed: Ollama's default, for this server does not report it"};
  }

 private:
  [[nodiscard]] bool IsReported() const { return !version_ || ReportsContext(*version_); }

  const std::optional<OllamaVersion>& version_;
  const SeenServer& seen_;
  std::optional<int> usual_;
};

// What a release makes of it.
int Effective(int num_ctx, const EffectiveRules& rules, const ModelDetails& details) {
  if (details.has_vision && rules.least_vision_context) {
    num_ctx = std::max(num_ctx, *rules.least_vision_context);
  }
  if (!details.trained_context || !rules.cuts_context_to_trained) return num_ctx;
  return static_cast<int>(std::min<std::int64_t>(num_ctx, *details.trained_context));
}

}  // namespace

FoundSetting FindPresentSetting(const Cell& named, const std::string& model, OllamaApi& api,
                                Clock& clock, const StopRequest& stop, MayLoad may_load,
                                const SeenServer& seen) {
  FoundSetting found;
  const auto text = api.Version();
  if (!text) {
    found.why_not = text.error().message;
    return found;
  }
  const auto version = ParseOllamaVersion(*text);
  const ContextQuestion question(version, seen);
  std::optional<Context> context = named.Sets(Parameter::kNumCtx)
                                       ? Context{named[Parameter::kNumCtx], "Modelfile"}
                                       : question.Known();
  if (!context && may_load == MayLoad::kNo) {
    found.needs_load = true;
    return found;
  }
  if (!context) {
    if (const auto asked = AskContext(model, api, clock, stop)) {
      context = Context{*asked, "asked of the server"};
    } else {
      context = question.Assumed();
    }
  }
  if (!context) {
    found.why_not = fmt::format(
        "neither the model nor its Modelfile names num_ctx, and Ollama {} does not report what it "
        "takes by itself; name it with PARAMETER num_ctx",
        *text);
    return found;
  }
  const auto details = api.Show(model);
  const EffectiveRules rules = RulesOfVersion(version.value_or(OllamaVersion()));
  const int num_ctx = details ? Effective(context->tokens, rules, *details) : context->tokens;
  found.setting.emplace(PresentSetting{named, context->source});
  found.setting->cell.Set(Parameter::kNumCtx, num_ctx);
  if (named.Sets(Parameter::kNumBatch)) return found;
  found.setting->cell.Set(Parameter::kNumBatch,
                          DefaultNumBatch(version.value_or(OllamaVersion()), num_ctx));
  if (!version) found.setting->source += "; num_batch assumed";
  return found;
}

}  // namespace ollama_bench
