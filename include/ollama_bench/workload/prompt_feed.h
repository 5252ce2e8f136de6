#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ollama_bench {

/// The first `words` words of the built-in text: plain English sentences, the same for ever,
/// without an end and without a repeated paragraph.
std::string BuiltInText(std::int64_t words);

/// A short text of equal token count for every `number` in any common tokenizer: a letter and two
/// digits, each a token of its own. Numbers less than 52 apart differ in the first token.
std::string PromptMarker(std::uint64_t number);

/// Hands out the prompt, each time with another marker at its very start, so that no prefix of an
/// earlier prompt can be taken from the server's cache.
class PromptFeed {
 public:
  /// `first_marker` should differ from start to start of the program.
  explicit PromptFeed(std::uint64_t first_marker) : next_marker_(first_marker) {}

  void SetText(std::string text) { text_ = std::move(text); }
  [[nodiscard]] const std::string& text() const { return text_; }

  /// The whole prompt.
  std::string Next();
  /// The marker and the first part of the text, `fraction` of it, cut between characters.
  std::string NextPart(double fraction);
  /// The marker and another text.
  std::string NextOf(std::string_view text);

 private:
  std::string text_;
  std::uint64_t next_marker_;
};

}  // namespace ollama_bench
