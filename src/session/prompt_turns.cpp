#include "prompt_turns.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <system_error>
#include <utility>

#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/store/prompt_lines.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

std::string NameOf(const fs::path& input) {
  return input == "-" ? "standard input" : input.string();
}

Expected<DataSet, SessionError> Read(const PromptsOptions& options) {
  DataSetOptions reading{options.input.string(), options.field, options.num_samples};
  if (options.input == "-") {
    auto set = ReadDataSet(std::cin, reading);
    if (!set) return Fail(ExitCode::kUsage, fmt::format("standard input {}", set.error()));
    return std::move(*set);
  }
  std::error_code error;
  if (fs::is_directory(options.input, error)) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} is a folder; name a file of prompts", options.input.string()));
  }
  std::ifstream in(options.input, std::ios::binary);
  if (!in) {
    return Fail(ExitCode::kUsage, fmt::format("cannot read {} ({})", options.input.string(),
                                              std::generic_category().message(errno)));
  }
  auto set = ReadDataSet(in, reading);
  if (!set) {
    return Fail(ExitCode::kUsage, fmt::format("{} {}", options.input.string(), set.error()));
  }
  if (in.bad()) {
    return Fail(ExitCode::kEnvironment,
                fmt::format("cannot read {} to its end", options.input.string()));
  }
  return std::move(*set);
}

std::string DescribeBad(const DataSet& set, const std::string& name) {
  constexpr std::size_t kMost = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, set.bad.size()); ++i) {
    text += fmt::format("{}{} {}: {}\n", name, set.unit == "line" ? ", line" : ", entry",
                        set.bad[i].number, set.bad[i].reason);
  }
  if (set.bad_count > kMost) text += fmt::format("and {} more\n", set.bad_count - kMost);
  return text;
}

}  // namespace

std::string DescribeBadPlaces(const DataSet& set) {
  constexpr std::size_t kMost = 20;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < std::min(kMost, set.bad.size()); ++i) {
    numbers.push_back(set.bad[i].number);
  }
  const std::string_view plural = set.unit == "line" ? "lines" : "entries";
  return fmt::format(
      "{} {}{}", set.bad_count == 1 ? set.unit : plural, fmt::join(numbers, ", "),
      set.bad_count > kMost ? fmt::format(" and {} more", set.bad_count - kMost) : "");
}

Expected<PromptPlan, SessionError> PromptPlan::Make(const PromptsOptions& options) {
  PromptPlan plan;
  const bool is_built_in = options.input.empty();
  auto set = is_built_in ? BuiltInPrompts() : Read(options);
  if (!set) return Unexpected<SessionError>(set.error());
  plan.set_ = std::move(*set);
  std::vector<PromptItem>& items = plan.set_.items;
  if (is_built_in && options.num_samples) {
    items.resize(std::min(*options.num_samples, items.size()));
  }
  const std::string name = NameOf(options.input);
  if (plan.set_.bad_count > 0 && !options.skip_bad) {
    return Fail(ExitCode::kUsage,
                DescribeBad(plan.set_, name) +
                    "these entries hold no prompt; correct them, or leave them out with "
                    "--skip-bad");
  }
  if (items.empty()) return Fail(ExitCode::kUsage, fmt::format("{} holds no prompt", name));
  std::string chain;
  for (const PromptItem& item : items) plan.chains_.push_back(chain = NextChain(chain, item));
  plan.shard_ = options.shard.empty() ? Shard() : *ParseShard(options.shard);
  plan.repeats_ = options.repeat;
  plan.seed_ = options.seed;
  plan.num_predict_ = options.max_new_tokens;
  plan.model_ = options.model;
  plan.turns_ = PlanTurns(items.size(), plan.shard_, options.repeat,
                          static_cast<std::uint64_t>(options.seed));
  if (plan.turns_.empty()) {
    return Fail(ExitCode::kUsage, fmt::format("shard {} holds no prompt: the data set has {}",
                                              options.shard, items.size()));
  }
  plan.done_.resize(items.size() * static_cast<std::size_t>(options.repeat));
  return plan;
}

PromptPlace PromptPlan::PlaceOf(std::size_t item) const {
  return {static_cast<std::int64_t>(item), static_cast<std::int64_t>(items().size()),
          chains_[item]};
}

std::vector<PromptTurn> PromptPlan::Remaining() const {
  std::vector<PromptTurn> remaining;
  for (const PromptTurn& turn : turns_) {
    const std::size_t place = static_cast<std::size_t>(turn.repeat - 1) * items().size();
    if (!done_[place + turn.item]) remaining.push_back(turn);
  }
  return remaining;
}

bool PromptPlan::Holds(const PromptRecord& record) const {
  const auto index = static_cast<std::size_t>(record.place.index);
  return record.place.index >= 0 && index < items().size() && record.repeat >= 1 &&
         record.repeat <= repeats_ && shard_.Holds(index);
}

std::size_t PromptPlan::PlaceInPlan(const PromptRecord& record) const {
  return static_cast<std::size_t>(record.repeat - 1) * items().size() +
         static_cast<std::size_t>(record.place.index);
}

std::string PromptPlan::CheckConfig(const PromptRecord& record) {
  const PromptConfig& config = record.config;
  if (!stored_) stored_ = config;
  if (!model_.empty() && !IsSameModelName(config.model, model_)) {
    return fmt::format("was made with the model {}, not {}", Printable(config.model, false),
                       model_);
  }
  if (config.digest != stored_->digest || config.ollama_version != stored_->ollama_version) {
    return "was made with another state of the model, or another Ollama, than the first line";
  }
  if (config.num_predict != num_predict_) {
    return fmt::format("was made with --max-new-tokens {}, not {}", config.num_predict,
                       num_predict_);
  }
  const auto seed = static_cast<std::int64_t>(config.seed) - record.place.index;
  if (seed != seed_) return fmt::format("was made with --seed {}, not {}", seed, seed_);
  return {};
}

std::string PromptPlan::TakeStored(std::string_view line) {
  const std::size_t number = lines_++;
  const auto record = ParsePromptLine(line);
  if (!record) return record.error();
  if (std::string why = CheckConfig(*record); !why.empty()) return why;
  const auto index = static_cast<std::size_t>(record->place.index);
  const bool is_known = record->place.index >= 0 && index < items().size();
  if (is_known && record->place.chain != chains_[index]) {
    return fmt::format("is of another data set: its prompt {} is not this one's",
                       record->place.index + 1);
  }
  if (!Holds(*record)) return {};
  if (done_[PlaceInPlan(*record)]) return "holds a prompt that an earlier line holds";
  if (MayPass(*record)) {
    replaced_.insert(number);
  } else {
    done_[PlaceInPlan(*record)] = true;
  }
  return {};
}

}  // namespace ollama_bench
