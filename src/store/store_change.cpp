#include "store_change.h"

#include <algorithm>

#include "ollama_bench/core/text.h"
#include "store_limits.h"
#include "store_writer.h"

namespace ollama_bench {
namespace {

CellResult& EntryFor(const Cell& cell, StoreContent& content) {
  const auto found = content.index.find(cell);
  if (found == content.index.end()) return content.Add(cell);
  return content.results[found->second];
}

// The end of `text`, cut between two characters, printable.
std::string Tail(std::string_view text) {
  std::string printable = Printable(text);
  if (printable.size() <= kLongestOutputTail) return printable;
  std::size_t begin = printable.size() - kLongestOutputTail;
  const auto in_character = [&] {
    return (static_cast<unsigned char>(printable[begin]) & 0xC0U) == 0x80U;
  };
  while (begin < printable.size() && in_character()) ++begin;
  return printable.substr(begin);
}

void Change(const SampleAdded& change, CellResult& result) {
  const auto same = std::find_if(
      result.samples.begin(), result.samples.end(),
      [&](const Sample& sample) { return !sample.id.empty() && sample.id == change.sample.id; });
  if (same != result.samples.end()) {
    *same = change.sample;
  } else {
    result.samples.push_back(change.sample);
  }
  result.failure.reset();
  result.alias_of.reset();
  result.reason.clear();
  result.timestamp = change.timestamp;
}

void Change(const ExclusionSet& change, CellResult& result) {
  for (Sample& sample : result.samples) {
    if (sample.id == change.sample_id) sample.excluded = change.excluded;
  }
}

void Change(const FailureSet& change, CellResult& result) {
  Failure failure = change.failure;
  failure.message = Printable(failure.message);
  failure.output_tail = Tail(failure.output_tail);
  result.failure = std::move(failure);
  result.timestamp = change.timestamp;
}

void Change(const AliasSet& change, CellResult& result) {
  result.alias_of = change.alias_of;
  result.reason = change.reason;
}

struct Applier {
  StoreContent& content;

  bool operator()(const EntryRemoved& change) const {
    const bool found = content.Find(change.cell) != nullptr;
    content.Remove(change.cell);
    return found;
  }

  // An exclusion alone must not bring back an entry that somebody deleted.
  bool operator()(const ExclusionSet& change) const {
    return content.Find(change.cell) != nullptr && ChangeEntry(change);
  }

  bool operator()(const auto& change) const { return ChangeEntry(change); }

  [[nodiscard]] bool ChangeEntry(const auto& change) const {
    const bool is_new = content.Find(change.cell) == nullptr;
    CellResult& result = EntryFor(change.cell, content);
    const CellResult before = result;
    Change(change, result);
    if (!is_new && result == before) return false;
    content.texts[content.index.at(change.cell)].outdated = true;
    return true;
  }
};

}  // namespace

bool Apply(const StoreChange& change, StoreContent& content) {
  return std::visit(Applier{content}, change);
}

void RefreshTexts(StoreContent& content) {
  for (std::size_t i = 0; i < content.texts.size(); ++i) {
    EntryText& entry = content.texts[i];
    if (!entry.outdated) continue;
    entry.text = SerialiseEntry(content.results[i], entry.text);
    entry.outdated = false;
  }
}

}  // namespace ollama_bench
