#include "ollama_bench/workload/prompt_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

constexpr std::array<std::string_view, 16> kSubjects = {
    "the old captain",    "a young engineer",   "our neighbour",       "the night train",
    "a small committee",  "the museum guide",   "every careful baker", "the river",
    "a tired student",    "the lighthouse",     "her elder brother",   "the orchestra",
    "a passing stranger", "the village doctor", "the winter storm",    "a patient gardener"};
constexpr std::array<std::string_view, 16> kVerbs = {
    "carried",  "described", "followed", "measured",  "painted",    "remembered",
    "repaired", "watched",   "counted",  "collected", "discovered", "explained",
    "finished", "gathered",  "hid",      "opened"};
constexpr std::array<std::string_view, 16> kObjects = {
    "a box of letters",  "the broken clock",     "two silver keys",    "the map of the coast",
    "an unknown melody", "the last report",      "a basket of apples", "the empty harbour",
    "the stone bridge",  "a long list of names", "the blue curtain",   "an unfinished book",
    "the small engine",  "a row of candles",     "the first snow",     "a handful of seeds"};
constexpr std::array<std::string_view, 16> kEndings = {
    "before the rain began",     "in the early morning",      "without saying a word",
    "near the northern gate",    "while the city slept",      "for the third time that year",
    "behind the market hall",    "after a very long silence", "with the help of a friend",
    "on the way to the station", "because nobody else would", "as slowly as possible",
    "at the end of the summer",  "under a pale yellow light", "to everyone's surprise",
    "between two heavy meetings"};

// Multiplier and increment of Knuth's MMIX generator; the high bits choose.
class Choices {
 public:
  std::size_t Next() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(state_ >> 60U);
  }

 private:
  std::uint64_t state_ = 2026;
};

std::string NextSentence(Choices& choices) {
  const std::string_view subject = kSubjects.at(choices.Next());
  const std::string_view verb = kVerbs.at(choices.Next());
  const std::string_view object = kObjects.at(choices.Next());
  const std::string_view ending = kEndings.at(choices.Next());
  std::string sentence = fmt::format("{} {} {} {}. ", subject, verb, object, ending);
  sentence.front() = static_cast<char>(sentence.front() - 'a' + 'A');
  return sentence;
}

// `length` or a little less, so that no UTF-8 character is cut in two.
std::size_t CharacterBoundary(std::string_view text, std::size_t length) {
  if (length >= text.size()) return text.size();
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;
  return length;
}

}  // namespace

std::string BuiltInText(std::int64_t words) {
  Choices choices;
  std::string text;
  std::int64_t written = 0;
  while (written < words) {
    const std::string sentence = NextSentence(choices);
    std::string_view rest = sentence;
    while (written < words && !rest.empty()) {
      const auto end = rest.find(' ') + 1;
      text += rest.substr(0, end);
      rest.remove_prefix(end);
      ++written;
    }
  }
  return text;
}

std::string PromptMarker(std::uint64_t number) {
  const auto letter = static_cast<int>(number % 52);
  const char first = static_cast<char>(letter < 26 ? 'A' + letter : 'a' + letter - 26);
  return fmt::format("{} {} {}\n\n", first, number / 52 % 10, number / 520 % 10);
}

std::string PromptFeed::Next() {
  return NextOf(text_);
}

std::string PromptFeed::NextPart(double fraction) {
  const auto wanted =
      static_cast<std::size_t>(static_cast<double>(text_.size()) * std::clamp(fraction, 0.0, 1.0));
  return NextOf(std::string_view(text_).substr(0, CharacterBoundary(text_, wanted)));
}

std::string PromptFeed::NextOf(std::string_view text) {
  return PromptMarker(next_marker_++) + std::string(text);
}

}  // namespace ollama_bench
