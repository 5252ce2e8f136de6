#include "ollama_bench/session/sweep_rules.h"

#include <fmt/format.h>

#include <map>

#include "ollama_bench/core/stratum.h"
#include "ollama_bench/ollama/version_facts.h"

namespace ollama_bench {

PendingRules PendingRulesOf(const RunOptions& options, const SweepConfig& config) {
  return {config.repetitions, options.retry_failed, options.limit, options.remeasure_unverified};
}

RaceOptions RaceOptionsOf(const RunOptions& options, const SweepConfig& config,
                          const Pending& pending, std::optional<Cell> current) {
  RaceOptions race;
  race.repetitions = config.repetitions;
  race.current = current;
  race.planned = config.space;
  race.metric = Describe(config.workload).headline;
  race.seed = options.session.driver.seed;
  const bool is_whole = !options.limit || pending.cells.size() < *options.limit;
  const std::size_t strata = StrataOf(config.space).size();
  const std::size_t usual = strata * UsualExtra(config.space.CellCount() / strata);
  if (is_whole) race.extra = config.extra ? static_cast<std::size_t>(*config.extra) : usual;
  return race;
}

int WindowsOfLevel(const SweepConfig& config) {
  constexpr int kUsualWindows = 2;
  return config.repetitions.value_or(kUsualWindows);
}

LevelPasses LevelsOf(const RunOptions& options, const SweepConfig& config, std::vector<Cell> cells,
                     const std::vector<CellResult>& known) {
  for (const CellResult& result : known) {
    if (options.retry_failed || StatusOf(result) != CellStatus::kFailed) continue;
    std::erase(cells, result.cell);
  }
  return {cells, known, WindowsOfLevel(config), options.session.driver.seed, options.limit};
}

namespace {

EffectiveLimits LimitsOf(const ServerFacts& facts) {
  EffectiveLimits limits;
  const auto version = ParseOllamaVersion(facts.ollama_version);
  if (!version) return limits;
  const EffectiveRules rules = RulesOfVersion(*version);
  limits.batch_cut_to_context = rules.cuts_batch_to_context;
  if (rules.cuts_context_to_trained) limits.largest_context = facts.trained_context;
  limits.layers = facts.layers;
  limits.lacks_flash_attention = facts.lacks_flash_attention;
  limits.drops_kv_type = rules.drops_kv_type;
  limits.server_defaults = rules.server_defaults;
  if (facts.has_vision) limits.least_context = rules.least_vision_context;
  return limits;
}

}  // namespace

std::vector<Alias> AliasesOf(std::span<const Cell> cells, const ServerFacts& facts) {
  std::map<Cell, std::vector<Cell>> of_subject;
  for (const Cell& cell : cells) of_subject[SubjectOf(cell)].push_back(cell);
  std::vector<Alias> aliases;
  for (const auto& [subject, own] : of_subject) {
    const std::vector<Alias> found = FindAliases(own, LimitsOf(FactsFor(facts, subject)));
    aliases.insert(aliases.end(), found.begin(), found.end());
  }
  return aliases;
}

std::vector<std::string> DescribeLeftOut(std::span<const Alias> aliases) {
  std::map<std::string, std::size_t> counts;
  for (const Alias& alias : aliases) ++counts[alias.reason];
  std::vector<std::string> lines;
  for (const auto& [reason, cells] : counts) {
    lines.push_back(
        fmt::format("{} of the cells would repeat another's measurement ({}) and {} left out; "
                    "--measure-aliases measures {}",
                    cells, reason, cells == 1 ? "is" : "are", cells == 1 ? "it" : "them"));
  }
  return lines;
}

PromptFacts PromptFactsOf(const SweepConfig& config, const Metadata& metadata,
                          std::int64_t prompt_tokens, const ServerFacts* facts) {
  PromptFacts prompt;
  prompt.prompt_tokens = prompt_tokens;
  prompt.num_predict = config.num_predict;
  prompt.command_line_driver = metadata.identity.driver == "cli";
  prompt.measures_prompt = config.workload == WorkloadKind::kPrefill;
  const auto* built_in = std::get_if<BuiltInPrompt>(&config.prompt);
  prompt.is_usual_prompt = built_in != nullptr && !built_in->tokens &&
                           config.space.Find(Parameter::kPromptTokens) == nullptr;
  if (facts == nullptr) return prompt;
  prompt.trained_context = facts->trained_context;
  const auto version = ParseOllamaVersion(facts->ollama_version);
  if (version) prompt.largest_batch = LargestLlamaBatch(*version);
  return prompt;
}

std::vector<std::string> ServerWarnings(const ServerFacts& facts) {
  std::vector<std::string> warnings = VersionWarnings(facts.ollama_version);
  if (!facts.other_models_loaded.empty()) {
    warnings.push_back(
        fmt::format("other models are loaded and take memory: {}; `ollama stop NAME` frees it",
                    fmt::join(facts.other_models_loaded, ", ")));
  }
  return warnings;
}

}  // namespace ollama_bench
