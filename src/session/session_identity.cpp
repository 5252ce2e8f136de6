#include "session_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model_finder.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/machine/machine.h"
#include "ollama_bench/ollama/server_settings.h"
#include "ollama_bench/store/identity_check.h"

namespace ollama_bench {
namespace {

// A recording is what it was when it was made, wherever it is replayed.
Environment DescribeEnvironment(const PresentSession& present) {
  if (present.recorded != nullptr) return present.recorded->environment;
  const ServerFacts& facts = present.facts;
  Environment environment = facts.is_local ? DescribeMachine() : Environment();
  environment.server_is_local = facts.is_local;
  if (facts.is_local) environment.server_settings = ReadServerSettings(facts.port);
  return environment;
}

Identity DescribePresent(const PresentSession& present, const SessionPrompt& prompt) {
  if (present.recorded != nullptr) {
    Identity identity = present.recorded->identity;
    identity.driver = present.driver;
    return identity;
  }
  Identity identity;
  identity.model = ModelDescription(present.config);
  identity.model_digest = present.facts.model_digest;
  if (!prompt.text.empty()) identity.prompt_sha256 = Sha256Hex(prompt.text);
  identity.num_predict = present.config.num_predict;
  identity.driver = present.driver;
  identity.ollama_version = present.facts.ollama_version;
  return identity;
}

}  // namespace

Expected<SettledIdentity, SessionError> SettleIdentity(const Metadata& stored,
                                                       const PresentSession& present) {
  SettledIdentity settled;
  settled.metadata = stored;
  auto prompt = present.recorded != nullptr ? SessionPrompt{{}, std::nullopt, "as recorded"}
                                            : ChoosePrompt(present.config, stored);
  std::vector<std::string> refusals;
  if (prompt) {
    settled.prompt = std::move(*prompt);
  } else {
    refusals.push_back(prompt.error());
  }
  const Identity identity = DescribePresent(present, settled.prompt);
  const Environment environment = DescribeEnvironment(present);
  settled.host = environment.host;
  if (!present.is_new) {
    const IdentityCheck check =
        CheckIdentity(stored.identity, stored.environment, identity, environment);
    refusals.insert(refusals.end(), check.refusals.begin(), check.refusals.end());
    settled.warnings = check.warnings;
    // A prompt that is yet to be made is known to be another than one of which nothing is known.
    const bool lacks_prompt =
        stored.identity.prompt_sha256.empty() && settled.prompt.built_in_tokens.has_value();
    settled.adopts = lacks_prompt || LacksIdentity(stored.identity, identity);
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
