#include "ollama_bench/session/session_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "ollama_bench/core/sha256.h"
#include "ollama_bench/machine/machine.h"
#include "ollama_bench/ollama/server_settings.h"
#include "ollama_bench/plan/prompt_plan.h"
#include "ollama_bench/session/session_driver.h"
#include "ollama_bench/store/identity_check.h"
#include "ollama_bench/workload/prompt_feed.h"

namespace ollama_bench {
namespace {

// Where cells cut the built-in text, its beginning identifies it.
constexpr std::int64_t kWordsThatStandForAll = 64;

int LongestAnswer(const SweepConfig& config) {
  int longest = config.num_predict;
  for (const int tokens : config.space.ValuesOf(Parameter::kNumPredict)) {
    longest = std::max(longest, tokens);
  }
  return longest;
}

// An answer is measured after a short prompt, as people ask.
int UsualTokens(const SweepConfig& config) {
  constexpr int kShortPrompt = 128;
  const int fitting = BuiltInPromptTokens(config.space, LongestAnswer(config));
  return config.workload != WorkloadKind::kPrefill ? std::min(kShortPrompt, fitting) : fitting;
}

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
  if (const Axis* lengths = config.space.Find(Parameter::kPromptTokens)) {
    return SessionPrompt{BuiltInText(kWordsThatStandForAll), std::nullopt,
                         fmt::format("built-in text, {} tokens", DescribeAxis(*lengths)),
                         *std::max_element(lengths->values.begin(), lengths->values.end())};
  }
  if (stored.prompt_words) return StoredBuiltIn(built_in, stored);
  if (!stored.identity.prompt_sha256.empty()) {
    return Unexpected<std::string>(
        "prompt: the results were made with a text of the user's, the configuration names none; "
        "give the same one with --prompt-file");
  }
  const int tokens = built_in.tokens ? *built_in.tokens : UsualTokens(config);
  return SessionPrompt{{}, tokens, fmt::format("built-in text, about {} tokens", tokens)};
}

std::int64_t ExpectedPromptTokens(const SessionPrompt& prompt, const Metadata& stored) {
  if (prompt.longest_of_cells) return *prompt.longest_of_cells;
  if (stored.identity.prompt_tokens) return *stored.identity.prompt_tokens;
  if (prompt.built_in_tokens) return *prompt.built_in_tokens;
  // The usual guess for a text that no server has counted yet.
  constexpr std::size_t kBytesPerToken = 4;
  return static_cast<std::int64_t>(prompt.text.size() / kBytesPerToken);
}

namespace {

// A recording is what it was when it was made, wherever it is replayed.
Environment DescribeEnvironment(const PresentSession& present) {
  if (present.recorded != nullptr) return present.recorded->environment;
  const ServerFacts& facts = present.facts;
  Environment environment = facts.is_local ? DescribeMachine() : Environment();
  environment.server_is_local = facts.is_local;
  if (facts.is_local) environment.server_settings = ReadServerSettings(facts.port);
  // What cells vary is theirs.
  for (const Axis& axis : present.config.space.axes) {
    environment.server_settings.erase(std::string(Describe(axis.parameter).variable));
  }
  return environment;
}

// "0.11.4, 0.32.15": of all subjects, each once.
std::string JoinedOf(const ServerFacts& facts, std::string SubjectFacts::*field,
                     const std::string& of_one) {
  if (facts.subjects.empty()) return of_one;
  std::vector<std::string> texts;
  for (const SubjectFacts& subject : facts.subjects) {
    const std::string& text = subject.*field;
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

Identity DescribePresent(const PresentSession& present, const SessionPrompt& prompt,
                         bool asks_the_same) {
  if (present.recorded != nullptr) {
    Identity identity = present.recorded->identity;
    identity.driver = present.driver;
    return identity;
  }
  Identity identity;
  identity.model = ModelDescription(present.config);
  identity.model_digest =
      JoinedOf(present.facts, &SubjectFacts::model_digest, present.facts.model_digest);
  if (!prompt.text.empty()) identity.prompt_sha256 = Sha256Hex(prompt.text);
  if (asks_the_same) identity.num_predict = present.config.num_predict;
  identity.driver = present.driver;
  identity.ollama_version =
      JoinedOf(present.facts, &SubjectFacts::ollama_version, present.facts.ollama_version);
  return identity;
}

// Of results that hold something.
std::string WorkloadRefusal(const Metadata& stored, const PresentSession& present) {
  const WorkloadKind before = WorkloadOf(stored);
  if (present.is_new || before == present.config.workload) return {};
  return fmt::format("workload: results have {}, this run measures {}", Describe(before).key,
                     Describe(present.config.workload).key);
}

// Whether results are, or stay, of schema 1.
bool AsksTheSameOfAll(const SweepConfig& config, const Metadata& stored, const Metadata* recorded) {
  const bool is_old =
      stored.schema_version == 1 && (recorded == nullptr || recorded->schema_version == 1);
  return is_old && SweepsThePairAlone(config);
}

}  // namespace

void HoldWhatAllShare(SweepConfig& config, const Metadata& stored, const Metadata* recorded) {
  if (AsksTheSameOfAll(config, stored, recorded)) return HoldRequestForAll(config);
  // Results that began with the pair alone have one text for all of their cells.
  const Axis* const lengths = config.space.Find(Parameter::kPromptTokens);
  if (stored.prompt_words && lengths != nullptr && lengths->values.size() == 1) {
    HoldPromptForAll(config);
  }
}

Expected<SettledIdentity, SessionError> SettleIdentity(const Metadata& stored,
                                                       const PresentSession& present) {
  SettledIdentity settled;
  settled.metadata = stored;
  const bool asks_the_same = AsksTheSameOfAll(present.config, stored, present.recorded);
  if (!asks_the_same) UpgradeToAxes(settled.metadata);
  if (present.is_new && !asks_the_same) {
    settled.metadata.workload = Describe(present.config.workload).key;
  }
  const Metadata before = settled.metadata;
  auto prompt = present.recorded != nullptr ? SessionPrompt{{}, std::nullopt, "as recorded"}
                                            : ChoosePrompt(present.config, before);
  std::vector<std::string> refusals;
  if (std::string refusal = WorkloadRefusal(before, present); !refusal.empty()) {
    refusals.push_back(std::move(refusal));
  }
  if (prompt) {
    settled.prompt = std::move(*prompt);
  } else {
    refusals.push_back(prompt.error());
  }
  const Identity identity = DescribePresent(present, settled.prompt, asks_the_same);
  const Environment environment = DescribeEnvironment(present);
  settled.host = environment.host;
  if (!present.is_new) {
    const IdentityCheck check =
        CheckIdentity(before.identity, before.environment, identity, environment);
    refusals.insert(refusals.end(), check.refusals.begin(), check.refusals.end());
    settled.warnings = check.warnings;
    // A prompt that is yet to be made is known to be another than one of which nothing is known.
    const bool lacks_prompt =
        before.identity.prompt_sha256.empty() && settled.prompt.built_in_tokens.has_value();
    settled.adopts = lacks_prompt || LacksIdentity(before.identity, identity);
  }
  if (!refusals.empty() && (!present.force_mixed || !prompt)) {
    return Fail(ExitCode::kStore,
                fmt::format("{} was made under other conditions:\n  {}\ngive another --results "
                            "FILE, or mix them knowingly with --force-mixed",
                            present.results.string(), fmt::join(refusals, "\n  ")));
  }
  Metadata& metadata = settled.metadata;
  // What is replayed from a mixed recording is as mixed.
  const bool is_mixed =
      !refusals.empty() || (present.recorded != nullptr && present.recorded->mixed);
  metadata.mixed = metadata.mixed || is_mixed;
  if (is_mixed) metadata.unverified = false;
  metadata.replayed = metadata.replayed || present.recorded != nullptr;
  metadata.identity = AdoptUnknown(metadata.identity, identity);
  if (metadata.environment == Environment()) metadata.environment = environment;
  return settled;
}

std::string UnverifiedWarning(const std::filesystem::path& file,
                              const std::vector<CellResult>& results) {
  const auto cells = std::count_if(results.begin(), results.end(), IsUnverified);
  if (cells == 0) return {};
  return fmt::format(
      "{} does not say with which model, prompt, driver and Ollama {} of its cells {} measured: {} "
      "shown, but not compared with new loads; `run` with --remeasure-unverified measures {} again",
      file.string(), cells, cells == 1 ? "was" : "were", cells == 1 ? "it is" : "they are",
      cells == 1 ? "it" : "them");
}

}  // namespace ollama_bench
