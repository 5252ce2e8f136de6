#include "store_change.h"

#include <algorithm>

#include "ollama_bench/core/text.h"
#include "store_content.h"
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

// Replaces the row of the same id, or adds one.
template <class Row>
void Put(const Row& row, std::vector<Row>& rows) {
  const auto same = std::find_if(rows.begin(), rows.end(), [&](const Row& other) {
    return !other.id.empty() && other.id == row.id;
  });
  if (same != rows.end()) {
    *same = row;
  } else {
    rows.push_back(row);
  }
}

// The cell was tried itself.
void Touch(const std::string& timestamp, CellResult& result) {
  result.alias_of.reset();
  result.reason.clear();
  result.timestamp = timestamp;
}

void Change(const SampleAdded& change, CellResult& result) {
  Put(change.sample, result.samples);
  Touch(change.timestamp, result);
}

void Change(const ExclusionSet& change, CellResult& result) {
  for (Sample& sample : result.samples) {
    if (sample.id == change.sample_id) sample.excluded = change.excluded;
  }
}

void Change(const UnverifiedSet& change, CellResult& result) {
  for (Sample& sample : result.samples) {
    if (sample.id == change.sample_id) sample.unverified = true;
  }
}

void Change(const VisitSet& change, CellResult& result) {
  VisitRecord visit = change.visit;
  if (visit.failure) {
    visit.failure->message = Printable(visit.failure->message);
    visit.failure->output_tail = Tail(visit.failure->output_tail);
  }
  Put(visit, result.visits);
  Touch(change.timestamp, result);
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

  // A mark alone must not bring back an entry that somebody deleted.
  bool operator()(const ExclusionSet& change) const {
    return content.Find(change.cell) != nullptr && ChangeEntry(change);
  }
  bool operator()(const UnverifiedSet& change) const {
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
