#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/results_store.h"
#include "ollama_bench/workload/driver.h"

namespace ollama_bench {

/// The prompt of a sweep, as far as it is known before the first run.
struct SessionPrompt {
  std::string text;                    ///< empty while `built_in_tokens` is set
  std::optional<int> built_in_tokens;  ///< the built-in text is still to be cut to this size
  std::string description;             ///< "built-in text, about 512 tokens"
  /// The longest where each cell says how long the built-in text is; else empty.
  std::optional<int> longest_of_cells = {};
};

/// The configured prompt; of a store that was made with the built-in text, the very same words
/// again, whatever size today's grid would choose. The error says why the store's prompt and the
/// configuration's cannot be the same.
Expected<SessionPrompt, std::string> ChoosePrompt(const SweepConfig& config,
                                                  const Metadata& stored);

/// Its length in tokens: as the server counted it for these results, else a guess.
std::int64_t ExpectedPromptTokens(const SessionPrompt& prompt, const Metadata& stored);

/// What is about to measure, to be held against what a store was measured with.
struct PresentSession {
  const SweepConfig& config;
  const ServerFacts& facts;
  std::string_view driver;        ///< as Driver::name says it
  std::filesystem::path results;  ///< for messages
  bool is_new = false;            ///< the store holds nothing yet
  bool force_mixed = false;
  const Metadata* recorded = nullptr;  ///< of the recording that answers, where one does
};

/// What came of it.
struct SettledIdentity {
  Metadata metadata;  ///< the store's, with what it did not know and whether it is mixed now
  SessionPrompt prompt;
  std::string host;  ///< that is measured; empty where the server does not report it
  std::vector<std::string> warnings;  ///< one line each
  bool adopts = false;  ///< the store does not say with what its samples were made: unverified
};

/// Takes lengths of prompt and answer out of the space where they belong to the identity of the
/// results and not to each cell: in results of schema 1, and the prompt in those that began so.
/// `recorded` is null where nothing is replayed.
void HoldWhatAllShare(SweepConfig& config, const Metadata& stored, const Metadata* recorded);

/// Chooses the prompt and compares identities. A server elsewhere says nothing of this machine's
/// hardware. The error (kStore) lists what differs, unless mixing was asked for; a prompt that
/// cannot be the store's is an error in any case.
Expected<SettledIdentity, SessionError> SettleIdentity(const Metadata& stored,
                                                       const PresentSession& present);

/// One line for a person on the unverified samples in `results`; empty where every cell has others.
std::string UnverifiedWarning(const std::filesystem::path& file,
                              const std::vector<CellResult>& results);

}  // namespace ollama_bench
