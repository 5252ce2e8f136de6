#include "ollama_bench/store/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "field_writer.h"
#include "json_union.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/store/identity_check.h"
#include "ollama_bench/store/ulid.h"
#include "store_content.h"
#include "store_reader.h"
#include "store_writer.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

struct Input {
  std::string name;
  StoreContent content;
  Metadata metadata;
  nlohmann::json temporary_models;  // null: none
};

Expected<Input, StoreError> ReadInput(FileSystem& file_system, const fs::path& path) {
  auto file = ReadStoreText(file_system, path);
  if (!file) return Unexpected<StoreError>(file.error());
  auto content = ReadStore(std::move(file->text), path.string());
  if (!content) return Unexpected<StoreError>(content.error());
  Input input;
  input.name = Printable(path.string(), false);
  input.content = std::move(*content);
  nlohmann::json& metadata = input.content.metadata;
  if (const auto found = metadata.find("temporary_models"); found != metadata.end()) {
    input.temporary_models = *found;
    metadata.erase(found);
  }
  input.metadata = MetadataFrom(metadata).value_or(Metadata());
  metadata["schema_version"] = input.metadata.schema_version;
  return input;
}

// A file of axes makes all of them such.
void MakeSchemasEqual(std::vector<Input>& inputs) {
  const bool any_axes = std::any_of(inputs.begin(), inputs.end(), [](const Input& input) {
    return input.metadata.schema_version == kNewestSchema;
  });
  if (!any_axes) return;
  for (Input& input : inputs) {
    const Metadata before = input.metadata;
    UpgradeToAxes(input.metadata);
    ApplyMetadataChanges(input.content.metadata, ToJson(before), ToJson(input.metadata));
  }
}

// In older files the numbers of loads count from 1 in every sweep. Among those of other sweeps each
// gets one that only its sweep can give; numbers so large are unique already.

std::int64_t GlobalLoad(const std::string& origin, std::int64_t load_id) {
  if (load_id == 0 || load_id >= kFirstUniqueLoad) return load_id;
  constexpr std::size_t kDigits = 12;  // 48 bits: a JSON number holds 53
  const std::string hash = Sha256Hex(fmt::format("{}/{}", origin, load_id)).substr(0, kDigits);
  return kFirstUniqueLoad + std::stoll(hash, nullptr, 16);
}

void MakeLoadsGlobal(StoreContent& content) {
  const auto origins = OriginsOf(content.metadata);
  if (origins.size() != 1) return;
  for (std::size_t i = 0; i < content.results.size(); ++i) {
    const CellResult before = content.results[i];
    for (Sample& sample : content.results[i].samples) {
      sample.load_id = GlobalLoad(*origins.begin(), sample.load_id);
    }
    for (VisitRecord& visit : content.results[i].visits) {
      visit.load_id = GlobalLoad(*origins.begin(), visit.load_id);
    }
    if (content.results[i] == before) continue;
    content.texts[i].text = SerialiseEntry(content.results[i], content.texts[i].text);
  }
}

// Samples of a file that does not say with what they were made, among others that do.
void MarkUnverified(const Identity& joined, StoreContent& content) {
  const auto own = MetadataFrom(content.metadata).value_or(Metadata()).identity;
  if (!LacksIdentity(own, joined)) return;
  for (std::size_t i = 0; i < content.results.size(); ++i) {
    bool is_changed = false;
    for (Sample& sample : content.results[i].samples) {
      is_changed = is_changed || !sample.unverified;
      sample.unverified = true;
    }
    if (!is_changed) continue;
    content.texts[i].text = SerialiseEntry(content.results[i], content.texts[i].text);
  }
}

// Whether cells lack a verified sample is seen only in the union.
void SettleMixed(StoreContent& joined) {
  Metadata metadata = MetadataFrom(joined.metadata).value_or(Metadata());
  SettleMixed(metadata, joined.results);
  joined.metadata["mixed"] = metadata.mixed;
  joined.metadata.erase("unverified");
  if (metadata.unverified) joined.metadata["unverified"] = true;
}

void AddNew(std::vector<std::string>& lines, const std::vector<std::string>& more) {
  for (const std::string& line : more) {
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  }
}

void CompareWorkloads(const Input& a, const Input& b, MergedStores& merged) {
  if (a.metadata.workload != b.metadata.workload) {
    AddNew(merged.conflicts, {fmt::format("workload: {} has {}, {} has {}", a.name,
                                          a.metadata.workload, b.name, b.metadata.workload)});
  }
  // In a file of axes each cell has its own; one that all cells share is known to no cell. Other
  // files without one just do not say it.
  const auto says_nothing = [](const Input& input) {
    return input.metadata.schema_version != kNewestSchema || input.metadata.identity == Identity();
  };
  if (says_nothing(a) || says_nothing(b)) return;
  const auto& one = a.metadata.identity.num_predict;
  const auto& other = b.metadata.identity.num_predict;
  if (one.has_value() == other.has_value()) return;
  AddNew(merged.conflicts,
         {fmt::format("num_predict: {} has {} for all cells, {} has not", (one ? a : b).name,
                      one ? *one : *other, (one ? b : a).name)});
}

// Each with each: two may agree with a third that knows nothing, and not with one another.
void Compare(const std::vector<Input>& inputs, MergedStores& merged) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Input& input = inputs[i];
    if (input.metadata.identity == Identity() && inputs.size() > 1) {
      AddNew(merged.warnings,
             {fmt::format("{} does not say with what it was made; its samples are shown, but not "
                          "compared with others",
                          input.name)});
    }
    for (std::size_t j = 0; j < i; ++j) {
      const Input& other = inputs[j];
      const IdentityCheck check =
          CompareStored({other.name, other.metadata.identity, other.metadata.environment},
                        {input.name, input.metadata.identity, input.metadata.environment});
      AddNew(merged.conflicts, check.refusals);
      CompareWorkloads(other, input, merged);
      // A replay of a measurement is no second measurement.
      if (input.metadata.replayed != other.metadata.replayed) {
        AddNew(merged.conflicts,
               {fmt::format("replayed: {} comes from a recording, {} was measured",
                            (input.metadata.replayed ? input : other).name,
                            (input.metadata.replayed ? other : input).name)});
      }
      AddNew(merged.warnings, check.warnings);
    }
  }
}

StoreContent Join(std::vector<Input> inputs, bool mixed) {
  std::set<std::string> origins;
  for (const Input& input : inputs) origins.merge(OriginsOf(input.content.metadata));
  if (origins.size() > 1) {
    for (Input& input : inputs) MakeLoadsGlobal(input.content);
  }
  nlohmann::json metadata = inputs.front().content.metadata;
  bool differ = false;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const nlohmann::json& next = inputs[i].content.metadata;
    differ = differ || next != inputs.front().content.metadata;
    metadata = JoinMetadata(metadata, next, mixed);
  }
  const Identity identity = MetadataFrom(metadata).value_or(Metadata()).identity;
  for (Input& input : inputs) MarkUnverified(identity, input.content);
  StoreContent joined = std::move(inputs.front().content);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    JoinEntries(joined, inputs[i].content);
    joined.others = JoinJson(joined.others, inputs[i].content.others);
  }
  joined.metadata = std::move(metadata);
  if (differ) SettleMixed(joined);
  return joined;
}

}  // namespace

Expected<MergedStores, StoreError> MergeStores(FileSystem& file_system,
                                               const std::vector<fs::path>& paths,
                                               std::optional<std::size_t> in_place) {
  std::vector<Input> inputs;
  for (const fs::path& path : paths) {
    auto input = ReadInput(file_system, path);
    if (!input) return Unexpected<StoreError>(input.error());
    inputs.push_back(std::move(*input));
  }
  MakeSchemasEqual(inputs);
  MergedStores merged;
  Compare(inputs, merged);
  nlohmann::json models;
  if (in_place) {
    models = inputs[*in_place].temporary_models;
    merged.replaces_old_shape = inputs[*in_place].content.old_text.has_value();
  }
  StoreContent joined = Join(std::move(inputs), !merged.conflicts.empty());
  merged.cells = joined.results.size();
  for (const CellResult& result : joined.results) merged.samples += result.samples.size();
  if (!models.is_null()) joined.metadata["temporary_models"] = models;
  RenderStore(joined, merged.text);
  return merged;
}

}  // namespace ollama_bench
