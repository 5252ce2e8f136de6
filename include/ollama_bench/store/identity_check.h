#pragma once

#include <span>
#include <string>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/identity.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// How results on disk and the sweep that is about to go on differ. One line for a person each,
/// such as "ollama_version: results have 0.11.4, the server runs 0.13.5".
struct IdentityCheck {
  std::vector<std::string> refusals;    ///< samples would not be comparable
  std::vector<std::string> warnings;    ///< they may not be
  std::vector<std::string> unverified;  ///< one side does not know; taken as equal
};

/// Compares what is stored with what is present. Model names count only where a digest is unknown:
/// one digest under two names is one model. Prompt token counts may differ by 4, as the tokens that
/// make every run's prompt unique may; they are not compared when the texts differ anyway.
IdentityCheck CheckIdentity(const Identity& stored, const Environment& stored_environment,
                            const Identity& present, const Environment& present_environment);

/// What a results file says of its origin.
struct StoredIdentity {
  std::string name;  ///< of the file, for a person
  const Identity& identity;
  const Environment& environment;
};

/// The same comparison between two results files: "driver: a.json has cli, b.json has api".
IdentityCheck CompareStored(const StoredIdentity& a, const StoredIdentity& b);

/// Whether `stored` does not say which model, prompt, driver or Ollama version its samples were
/// made with, where `present` does: nobody knows then whether they can be compared.
bool LacksIdentity(const Identity& stored, const Identity& present);

/// Keeps `mixed` true as long as a cell has nothing but unverified samples, unless it is true for
/// another reason, too. A store whose identity is not known either mixes nothing.
void SettleMixed(Metadata& metadata, std::span<const CellResult> results);

/// `stored` with what it does not know taken from `present`.
Identity AdoptUnknown(Identity stored, const Identity& present);

}  // namespace ollama_bench
