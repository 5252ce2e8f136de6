#include "store_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>
#include <utility>

#include "field_reader.h"
#include "json_tree.h"
#include "retry.h"
#include "store_content.h"

namespace ollama_bench {
namespace {

Unexpected<StoreError> Fail(StoreError::Kind kind, const std::string& message) {
  return Unexpected<StoreError>({kind, message});
}

}  // namespace

Expected<FileText, StoreError> ReadStoreText(FileSystem& file_system,
                                             const std::filesystem::path& path) {
  using Kind = StoreError::Kind;
  const auto status = RetryInterrupted([&] { return file_system.Stat(path); });
  if (!status && status.error().code == ENOENT) {
    return Fail(Kind::kMissing, fmt::format("{} does not exist", path.string()));
  }
  if (!status) return Fail(Kind::kIo, status.error().message);
  if (status->stamp.size > kMostBytes) {
    return Fail(Kind::kDamaged,
                fmt::format("{}:1: the file is larger than {} MiB; move it away to start afresh",
                            path.string(), kMostBytes >> 20));
  }
  auto file = RetryInterrupted([&] { return file_system.Read(path); });
  if (!file) return Fail(Kind::kIo, file.error().message);
  return std::move(*file);
}

namespace {

using Json = nlohmann::json;

struct Problem {
  std::size_t position = 0;
  std::string reason;
};

// Turns the elements of "results" into entries, up to the first that is wrong.
class EntryCollector {
 public:
  explicit EntryCollector(std::string_view text) : text_(text) {}

  void Take(JsonTree::Element&& element) {
    if (problem_) return;
    if (!element.value.is_object()) {
      return Fail(element.begin, "an element of \"results\" is not an object");
    }
    CellResult result;
    FieldReader reader(element.value);
    ReadEntry(reader, element.value, result);
    if (!reader.problem().empty()) {
      const auto sample = reader.problem_sample();
      const bool known = sample && *sample < element.sample_begins.size();
      return Fail(known ? element.sample_begins[*sample] : element.begin, reader.problem());
    }
    if (content_.index.contains(result.cell)) {
      return Fail(element.begin, NameOf(result.cell) + " has a second entry");
    }
    NoteGap(element.begin, "", result.cell);
    if (result.alias_of) NoteGap(element.begin, "alias_of ", *result.alias_of);
    content_.Add(result.cell) = std::move(result);
    content_.texts.back() = {std::string(text_.substr(element.begin, element.end - element.begin)),
                             /*outdated=*/false};
  }

  [[nodiscard]] const std::optional<Problem>& problem() const { return problem_; }
  /// The first entry that lacks what every entry of schema 1 has.
  [[nodiscard]] const std::optional<Problem>& gap() const { return gap_; }
  StoreContent& content() { return content_; }

 private:
  void NoteGap(std::size_t position, std::string_view prefix, const Cell& cell) {
    for (const Parameter parameter : {kUsualAcross, kUsualDown}) {
      if (gap_ || cell.Sets(parameter)) continue;
      gap_ = Problem{position, fmt::format("\"{}{}\" is missing", prefix, KeyOf(parameter))};
    }
  }

  void Fail(std::size_t position, std::string reason) {
    problem_ = Problem{position, std::move(reason)};
  }

  std::string_view text_;
  StoreContent content_;
  std::optional<Problem> problem_;
  std::optional<Problem> gap_;
};

StoreError Damaged(std::string_view text, const std::string& name, const Problem& problem) {
  const std::string_view before = text.substr(0, std::min(problem.position, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return {StoreError::Kind::kDamaged,
          fmt::format("{}:{}: {}; correct it, or move the file away to start afresh", name, line,
                      problem.reason)};
}

// The last byte that is not white space: where a cut file ends.
std::size_t EndOf(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? 0 : last + 1;
}

// Where the quoted `key` first occurs, to point at a whole part of the file.
std::size_t PositionOf(std::string_view text, std::string_view key) {
  const auto found = text.find(fmt::format("\"{}\"", key));
  return found == std::string_view::npos ? 0 : found;
}

std::optional<Problem> CheckShape(std::string_view text, const Json& root) {
  if (!root.is_object()) return Problem{0, "the file is not a JSON object"};
  for (const char* key : {"metadata", "results"}) {
    if (!root.contains(key)) {
      return Problem{0, fmt::format("this is no results file: there is no \"{}\"", key)};
    }
  }
  if (!root["metadata"].is_object()) {
    return Problem{PositionOf(text, "metadata"), "\"metadata\" is not an object"};
  }
  if (!root["results"].is_array()) {
    return Problem{PositionOf(text, "results"), "\"results\" is not a list"};
  }
  return std::nullopt;
}

// Looked at first: what else a newer file holds is not checked.
std::optional<std::uint64_t> NewerVersion(const Json& root) {
  const auto metadata = root.find("metadata");
  if (metadata == root.end()) return std::nullopt;
  const auto version = metadata->find("schema_version");
  if (version == metadata->end() || !version->is_number_unsigned()) return std::nullopt;
  const auto number = version->get<std::uint64_t>();
  if (number <= static_cast<std::uint64_t>(kNewestSchema)) return std::nullopt;
  return number;
}

}  // namespace

Expected<Metadata, std::string> MetadataFrom(const Json& object) {
  Metadata metadata;
  FieldReader reader(object);
  VisitFields(reader, metadata);
  reader.RefuseMisspelt();
  std::set<Parameter> seen;
  for (const Axis& axis : metadata.axes) {
    if (!seen.insert(axis.parameter).second) reader.Complain("axes", "holds a parameter twice");
  }
  if (metadata.schema_version < 1) reader.Complain("schema_version", "is less than 1");
  if (!reader.problem().empty()) return Unexpected<std::string>(reader.problem());
  return metadata;
}

CellResult& StoreContent::Add(const Cell& cell) {
  index.emplace(cell, results.size());
  texts.emplace_back();
  CellResult& result = results.emplace_back();
  result.cell = cell;
  return result;
}

const CellResult* StoreContent::Find(const Cell& cell) const {
  const auto found = index.find(cell);
  return found == index.end() ? nullptr : &results[found->second];
}

void StoreContent::Remove(const Cell& cell) {
  const auto found = index.find(cell);
  if (found == index.end()) return;
  const std::size_t position = found->second;
  results.erase(results.begin() + static_cast<std::ptrdiff_t>(position));
  texts.erase(texts.begin() + static_cast<std::ptrdiff_t>(position));
  index.erase(found);
  for (auto& [other, place] : index) {
    if (place > position) --place;
  }
}

Expected<StoreContent, StoreError> ReadStore(std::string text, const std::string& name) {
  const auto damaged = [&](const Problem& problem) {
    return Unexpected<StoreError>(Damaged(text, name, problem));
  };
  if (EndOf(text) == 0) return damaged({0, "the file is empty"});
  EntryCollector entries(text);
  JsonTree tree([&](JsonTree::Element&& element) { entries.Take(std::move(element)); });
  if (!tree.Parse(text)) {
    return damaged({std::min(tree.problem_position(), EndOf(text)), tree.problem()});
  }
  if (const auto version = NewerVersion(tree.root())) {
    return Unexpected<StoreError>(
        {StoreError::Kind::kNewerSchema,
         fmt::format("{} was written by a newer ollama-bench (schema {}); this one knows schema {}",
                     name, *version, kNewestSchema)});
  }
  if (const auto problem = CheckShape(text, tree.root())) return damaged(*problem);
  const Json& metadata = tree.root()["metadata"];
  // Before the entries, because it decides what they have to be.
  const auto values = MetadataFrom(metadata);
  if (!values) return damaged({PositionOf(text, "metadata"), "metadata: " + values.error()});
  if (entries.problem()) return damaged(*entries.problem());
  if (values->schema_version == 1 && entries.gap()) return damaged(*entries.gap());
  StoreContent content = std::move(entries.content());
  content.metadata = metadata;
  content.others = tree.root();
  content.others.erase("metadata");
  content.others.erase("results");
  if (!metadata.contains("schema_version")) content.old_text = std::move(text);
  return content;
}

}  // namespace ollama_bench
