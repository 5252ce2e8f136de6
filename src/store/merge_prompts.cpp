#include "ollama_bench/store/merge_prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "ollama_bench/core/text.h"
#include "ollama_bench/store/prompt_lines.h"
#include "ollama_bench/store/request_log.h"
#include "retry.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kMostConflicts = 20;

std::string Name(const PromptRecord& record) {
  return Printable(StartOf(record.item.id, 80), false);
}

}  // namespace

Expected<MergedPrompts, StoreError> MergedPrompts::Read(
    FileSystem& file_system, const std::vector<std::filesystem::path>& paths) {
  MergedPrompts merged(file_system, paths);
  for (std::size_t file = 0; file < paths.size(); ++file) {
    std::int64_t offset = 0;
    const auto read =
        ReadRequestLog(file_system, paths[file], [&](std::string_view line) -> std::string {
          const auto record = ParsePromptLine(line);
          if (!record) return record.error();
          if (record->place.index < 0 || record->repeat < 1) return "no place in a data set";
          merged.CheckConfig(*record, file);
          merged.Add(*record, {file, offset, line.size(), !record->failure, record->started_unix_s,
                               record->place.chain});
          offset += static_cast<std::int64_t>(line.size()) + 1;
          return {};
        });
    if (!read) return Unexpected<StoreError>(read.error());
  }
  if (auto checked = merged.CheckChain(); !checked) {
    return Unexpected<StoreError>(checked.error());
  }
  return merged;
}

// Each entry's chain follows from its texts and the chain before it, whichever files they are in.
Expected<void, StoreError> MergedPrompts::CheckChain() {
  std::int64_t place = -1;
  std::string chain;
  std::size_t file = 0;
  return ForEach([&](const Key& key, const Entry& entry, std::string_view line) {
    const bool follows = key.first == place + 1;
    if (follows) {
      const auto record = ParsePromptLine(line);
      if (!record || NextChain(chain, record->item) != entry.chain) {
        Conflict(OtherDataSet(place < 0 ? entry.file : file, entry.file, key.first));
      }
    } else if (key.first == place && chain != entry.chain) {
      Conflict(OtherDataSet(file, entry.file, key.first));
    }
    place = key.first;
    chain = entry.chain;
    file = entry.file;
  });
}

std::string MergedPrompts::OtherDataSet(std::size_t file, std::size_t other,
                                        std::int64_t index) const {
  if (file == other) {
    return fmt::format("{}: prompt {} is not of the data set of the others", paths_[file].string(),
                       index + 1);
  }
  return fmt::format("{} and {} are not of one data set (prompt {})", paths_[file].string(),
                     paths_[other].string(), index + 1);
}

void MergedPrompts::Conflict(std::string text) {
  if (conflicts_.size() == kMostConflicts || !known_conflicts_.insert(text).second) return;
  conflicts_.push_back(std::move(text));
}

void MergedPrompts::CheckConfig(const PromptRecord& record, std::size_t file) {
  if (!has_config_) config_ = record.config;
  has_config_ = true;
  const auto check = [&](std::string_view what, const std::string& first, const std::string& now) {
    if (first == now) return;
    Conflict(fmt::format("{}: {} has {}, {} has {}", what, paths_.front().string(),
                         Printable(first, false), paths_[file].string(), Printable(now, false)));
  };
  check("model", config_.model, record.config.model);
  check("digest", config_.digest, record.config.digest);
  check("Ollama", config_.ollama_version, record.config.ollama_version);
  check("max-new-tokens", std::to_string(config_.num_predict),
        std::to_string(record.config.num_predict));
}

void MergedPrompts::Add(const PromptRecord& record, Entry entry) {
  count_ = std::max({count_, record.place.count, record.place.index + 1});
  repeats_ = std::max(repeats_, record.repeat);
  const Key key(record.place.index, record.repeat);
  const auto known = entries_.find(key);
  if (known == entries_.end()) {
    entries_.emplace(key, std::move(entry));
    return;
  }
  const bool is_same_line = known->second.started_unix_s == entry.started_unix_s;
  if (known->second.chain != entry.chain) {
    Conflict(OtherDataSet(known->second.file, entry.file, key.first));
  } else if (known->second.is_answered && entry.is_answered && !is_same_line) {
    Conflict(fmt::format("prompt {} is answered in {} and in {}", Name(record),
                         paths_[known->second.file].string(), paths_[entry.file].string()));
  }
  const auto rank = [](const Entry& of) { return std::pair(!of.is_answered, of.started_unix_s); };
  if (rank(entry) < rank(known->second)) known->second = std::move(entry);
}

std::size_t MergedPrompts::answered() const {
  std::size_t answered = 0;
  for (const auto& [key, entry] : entries_) answered += entry.is_answered ? 1 : 0;
  return answered;
}

std::size_t MergedPrompts::missing() const {
  return static_cast<std::size_t>(count_) * static_cast<std::size_t>(repeats_) - entries_.size();
}

std::string MergedPrompts::MissingPlaces() const {
  constexpr std::size_t kMost = 10;
  std::vector<std::string> ranges;
  for (std::int64_t index = 0; index < count_ && ranges.size() <= kMost;) {
    const auto is_missing = [&](std::int64_t place) {
      for (int repeat = 1; repeat <= repeats_; ++repeat) {
        if (!entries_.contains({place, repeat})) return true;
      }
      return false;
    };
    std::int64_t end = index;
    while (end < count_ && is_missing(end)) ++end;
    if (end == index + 1) ranges.push_back(fmt::format("{}", end));
    if (end > index + 1) ranges.push_back(fmt::format("{}-{}", index + 1, end));
    index = std::max(end, index + 1);
  }
  const bool has_more = ranges.size() > kMost;
  if (has_more) ranges.resize(kMost);
  return fmt::format("{}{}", fmt::join(ranges, ", "), has_more ? ", …" : "");
}

Expected<void, StoreError> MergedPrompts::Write(
    const std::function<void(std::string_view line)>& out) const {
  return ForEach([&out](const Key& /*key*/, const Entry& /*entry*/, std::string_view line) {
    out(fmt::format("{}\n", line));
  });
}

Expected<void, StoreError> MergedPrompts::ForEach(const OnEntry& on_entry) const {
  const auto failed = [](const IoError& error) {
    return Unexpected<StoreError>({StoreError::Kind::kIo, error.message});
  };
  std::vector<std::unique_ptr<InputFile>> inputs;
  for (const auto& path : paths_) {
    auto input = RetryInterrupted([&] { return file_system_->OpenToRead(path); });
    if (!input) return failed(input.error());
    inputs.push_back(std::move(*input));
  }
  for (const auto& keyed : entries_) {
    const auto& entry = keyed.second;
    std::string line;
    while (line.size() < entry.length) {
      const auto part = RetryInterrupted([&] {
        return inputs[entry.file]->ReadAt(entry.offset + static_cast<std::int64_t>(line.size()),
                                          entry.length - line.size());
      });
      if (!part) return failed(part.error());
      if (part->empty()) {
        return Unexpected<StoreError>(
            {StoreError::Kind::kDamaged,
             fmt::format("{} was changed while it was read", paths_[entry.file].string())});
      }
      line += *part;
    }
    on_entry(keyed.first, entry, line);
  }
  return {};
}

}  // namespace ollama_bench
