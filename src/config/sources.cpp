#include "sources.h"

#include <fmt/format.h>

#include "numbers.h"
#include "ollama_bench/core/model_name.h"
#include "text_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestPrompt = std::size_t{16} << 20U;

// Whether at most one of `keys` is set; an error for each one beyond the first.
template <std::size_t size>
bool CheckOnlyOne(const Settings& settings, const std::string_view (&keys)[size],
                  ErrorList& errors) {
  const Setting* first = nullptr;
  bool only_one = true;
  for (const std::string_view key : keys) {
    const Setting* setting = settings.Find(key);
    if (setting != nullptr && first != nullptr) {
      errors.Add(setting->place, setting->text,
                 fmt::format("cannot be given together with {}", Name(first->place)),
                 "keep one of them");
      only_one = false;
    }
    if (first == nullptr) first = setting;
  }
  return only_one;
}

// Relative to the folder of the file that says it, or to the current one; absolute where it can be.
std::optional<fs::path> ReadPath(const Setting& setting, ErrorList& errors) {
  if (setting.text.empty() || setting.text.find('\0') != std::string::npos) {
    errors.Add(setting.place, setting.text,
               setting.text.empty() ? "the path is empty" : "the path holds a NUL byte",
               "write the path of a file");
    return std::nullopt;
  }
  std::error_code ignored;
  const fs::path path = fs::absolute(setting.place.file.parent_path() / setting.text, ignored);
  return path.lexically_normal();
}

void AddProblem(const Setting& setting, const FileProblem& problem, ErrorList& errors) {
  errors.Add(setting.place, setting.text,
             fmt::format("{} {}", Shown(setting.text), problem.message), problem.remedy);
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

void ReadPromptFile(const Setting& setting, SweepConfig& config, ErrorList& errors) {
  const auto path = ReadPath(setting, errors);
  if (!path) return;
  auto text = ReadTextFile(*path, kLargestPrompt);
  if (!text) {
    AddProblem(setting, text.error(), errors);
  } else if (IsBlank(*text)) {
    AddProblem(setting, {"holds no text", "write a prompt into it"}, errors);
  } else {
    config.prompt = PromptText{std::move(*text), *path};
  }
}

void ReadPromptText(const Setting& setting, SweepConfig& config, ErrorList& errors) {
  if (IsBlank(setting.text)) {
    errors.Add(setting.place, setting.text, "the prompt holds no text",
               "write a prompt, or leave it out for the built-in one");
  } else if (const auto fits = CheckText(setting.text); !fits) {
    errors.Add(setting.place, setting.text, "the prompt " + fits.error().message,
               "write plain text in UTF-8");
  } else {
    config.prompt = PromptText{setting.text, {}};
  }
}

}  // namespace

void ReadModel(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  if (!CheckOnlyOne(settings, {"model", "modelfile"}, errors)) return;
  if (const Setting* model = settings.Find("model")) {
    config.model = model->text;
    if (IsValidModelName(model->text)) return;
    errors.Add(model->place, model->text,
               fmt::format("\"{}\" is not a model name", Shown(model->text)),
               "write [host/][namespace/]model[:tag], for example qwen3:4b, each part beginning "
               "with a letter, a digit or _");
  } else if (const Setting* modelfile = settings.Find("modelfile")) {
    const auto path = ReadPath(*modelfile, errors);
    if (!path) return;
    config.modelfile = *path;
    if (auto fits = CheckFile(*path); !fits) AddProblem(*modelfile, fits.error(), errors);
  }
}

void ReadPrompt(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  if (!CheckOnlyOne(settings, {"prompt", "prompt_file", "prompt_tokens"}, errors)) return;
  if (const Setting* text = settings.Find("prompt")) ReadPromptText(*text, config, errors);
  if (const Setting* path = settings.Find("prompt_file")) ReadPromptFile(*path, config, errors);
  if (const Setting* tokens = settings.Find("prompt_tokens")) {
    config.prompt = BuiltInPrompt{ReadNumber(*tokens, "prompt_tokens", errors)};
  }
}

}  // namespace ollama_bench
