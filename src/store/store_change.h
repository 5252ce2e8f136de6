#pragma once

#include <optional>
#include <string>
#include <variant>

#include "ollama_bench/core/cell_result.h"
#include "store_content.h"

namespace ollama_bench {

struct SampleAdded {
  Cell cell;
  Sample sample;
  std::string timestamp;
};
struct ExclusionSet {
  Cell cell;
  std::string sample_id;
  std::optional<Exclusion> excluded;
};
struct UnverifiedSet {
  Cell cell;
  std::string sample_id;
};
struct VisitSet {
  Cell cell;
  VisitRecord visit;
  std::string timestamp;
};
struct AliasSet {
  Cell cell;
  Cell alias_of;
  std::string reason;
};
struct EntryRemoved {
  Cell cell;
};

/// One change to the results. Kept until it is on disk, because it may have to be made again on top
/// of what somebody wrote into the file by hand; making it twice is the same as making it once.
using StoreChange =
    std::variant<SampleAdded, ExclusionSet, UnverifiedSet, VisitSet, AliasSet, EntryRemoved>;

/// Makes `change` in the values and marks the entry's text as outdated. False if nothing changes.
bool Apply(const StoreChange& change, StoreContent& content);

/// Rewrites the texts that Apply has outdated.
void RefreshTexts(StoreContent& content);

}  // namespace ollama_bench
