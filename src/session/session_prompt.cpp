#include "ollama_bench/session/session_prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "ollama_bench/plan/prompt_plan.h"
#include "ollama_bench/sweep/prompt_feed.h"

namespace ollama_bench {
namespace {

std::string DescribeText(const PromptText& prompt) {
  return fmt::format("{}, {} bytes",
                     prompt.file.empty() ? std::string("as configured") : prompt.file.string(),
                     prompt.text.size());
}

// The server's count of the same words can differ by the unique token and the template.
bool IsAbout(std::int64_t counted, int wanted) {
  return std::abs(counted - wanted) <= std::max(8, wanted / 20);
}

Expected<SessionPrompt, std::string> StoredBuiltIn(const BuiltInPrompt& wanted,
                                                   const Metadata& stored) {
  const auto tokens = stored.identity.prompt_tokens;
  if (wanted.tokens && tokens && !IsAbout(*tokens, *wanted.tokens)) {
    return Unexpected<std::string>(
        fmt::format("prompt: the results were made with {} tokens of the built-in text, the "
                    "configuration asks for {}",
                    *tokens, *wanted.tokens));
  }
  SessionPrompt prompt;
  prompt.text = BuiltInText(*stored.prompt_words);
  prompt.description = fmt::format("built-in text, {} words as before", *stored.prompt_words);
  if (tokens) prompt.description += fmt::format(" ({} tokens)", *tokens);
  return prompt;
}

}  // namespace

Expected<SessionPrompt, std::string> ChoosePrompt(const SweepConfig& config,
                                                  const Metadata& stored) {
  if (const auto* text = std::get_if<PromptText>(&config.prompt)) {
    return SessionPrompt{text->text, std::nullopt, DescribeText(*text)};
  }
  const auto& built_in = std::get<BuiltInPrompt>(config.prompt);
  if (stored.prompt_words) return StoredBuiltIn(built_in, stored);
  if (!stored.identity.prompt_sha256.empty()) {
    return Unexpected<std::string>(
        "prompt: the results were made with a text of the user's, the configuration names none; "
        "give the same one with --prompt-file");
  }
  const int tokens =
      built_in.tokens ? *built_in.tokens : BuiltInPromptTokens(config.grid, config.num_predict);
  return SessionPrompt{{}, tokens, fmt::format("built-in text, about {} tokens", tokens)};
}

std::int64_t ExpectedPromptTokens(const SessionPrompt& prompt, const Metadata& stored) {
  if (stored.identity.prompt_tokens) return *stored.identity.prompt_tokens;
  if (prompt.built_in_tokens) return *prompt.built_in_tokens;
  // The usual guess for a text that no server has counted yet.
  constexpr std::size_t kBytesPerToken = 4;
  return static_cast<std::int64_t>(prompt.text.size() / kBytesPerToken);
}

}  // namespace ollama_bench
