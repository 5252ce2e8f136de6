#include <fmt/format.h>

#include <algorithm>

#include "chapters.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/render/text_report.h"

namespace ollama_bench {
namespace {

std::string PromptOf(const Metadata& metadata) {
  const Identity& identity = metadata.identity;
  std::string text;
  if (identity.prompt_tokens)
    text = Counted(static_cast<std::size_t>(*identity.prompt_tokens), "token");
  if (metadata.prompt_words) {
    text += fmt::format("{}built-in text of {} words", text.empty() ? "" : ", ",
                        *metadata.prompt_words);
  }
  if (!identity.prompt_sha256.empty()) {
    text += fmt::format("{}SHA-256 {}", text.empty() ? "" : ", ", identity.prompt_sha256);
  }
  return text;
}

Facts SubjectFacts(const ReportedSweep& sweep) {
  const Metadata& metadata = sweep.metadata;
  const Identity& identity = metadata.identity;
  Facts facts;
  AddFact(facts, "Model", identity.model);
  AddFact(facts, "Digest", identity.model_digest);
  AddFact(facts, "Ollama", identity.ollama_version);
  AddFact(facts, "Workload", std::string(Describe(WorkloadOf(metadata)).key));
  AddFact(facts, "Driver", identity.driver);
  AddFact(facts, "Prompt", PromptOf(metadata));
  if (identity.num_predict) {
    AddFact(facts, std::string(KeyOf(Parameter::kNumPredict)),
            fmt::format("{}", *identity.num_predict));
  }
  for (const Axis& axis : PlannedSpace(metadata).axes) {
    AddFact(facts, std::string(KeyOf(axis.parameter)), DescribeAxis(axis));
  }
  if (metadata.baseline) {
    AddFact(
        facts, "Current setting",
        fmt::format("{} ({})", DescribeCell(metadata.baseline->cell), metadata.baseline->source));
  }
  return facts;
}

Facts MachineFacts(const ReportedSweep& sweep) {
  const Metadata& metadata = sweep.metadata;
  const Environment& environment = metadata.environment;
  Facts facts;
  AddFact(facts, "Host",
          environment.host + (environment.server_is_local || environment.host.empty()
                                  ? ""
                                  : " (the server is on another machine)"));
  AddFact(facts, "Operating system", environment.os);
  AddFact(facts, "CPU", environment.cpu);
  AddFact(facts, "GPUs", fmt::format("{}", fmt::join(environment.gpus, ", ")));
  for (const auto& [name, value] : environment.server_settings) AddFact(facts, name, value);
  AddFact(facts, "Begun", LocalTime(metadata.start_time));
  AddFact(facts, "Measured with",
          metadata.tool_version.empty() ? std::string() : "ollama-bench " + metadata.tool_version);
  AddFact(facts, "Results", sweep.name);
  AddFact(facts, "Store", metadata.store_id);
  return facts;
}

Table StartTable(const std::vector<StartRecord>& starts) {
  Table table{"Starts", {"begun", "machine"}, {}};
  std::vector<std::string> labels;
  for (const StartRecord& start : starts) {
    for (const auto& [key, value] : start.labels) {
      if (std::find(labels.begin(), labels.end(), key) == labels.end()) labels.push_back(key);
    }
  }
  table.headings.insert(table.headings.end(), labels.begin(), labels.end());
  for (const StartRecord& start : starts) {
    std::vector<std::string> row = {LocalTime(start.started), start.host};
    for (const std::string& label : labels) {
      const auto found = start.labels.find(label);
      row.push_back(found == start.labels.end() ? "" : found->second);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

std::vector<Block> ConditionBlocks(const ReportedSweep& sweep) {
  std::vector<Block> blocks;
  for (Facts facts : {SubjectFacts(sweep), MachineFacts(sweep)}) {
    if (!facts.rows.empty()) blocks.emplace_back(std::move(facts));
  }
  if (!sweep.metadata.starts.empty()) blocks.emplace_back(StartTable(sweep.metadata.starts));
  return blocks;
}

std::vector<Block> WarningBlocks(const ReportedSweep& sweep) {
  Points points;
  if (sweep.caption.replayed) {
    points.points.emplace_back(
        "Replayed", sweep.caption.repeats_itself
                        ? "these numbers come from a recording, each again and again without "
                          "noise: the intervals are too narrow."
                        : "these numbers come from a recording.");
  }
  if (sweep.caption.mixed) {
    points.points.emplace_back("Mixed",
                               sweep.metadata.unverified
                                   ? "some cells do not say with what model, prompt, driver and "
                                     "Ollama they were measured; they are not compared with others."
                                   : "samples of different models, prompts or servers.");
  }
  const std::string disturbed = DisturbancesText(sweep.disturbances);
  if (!disturbed.empty()) points.points.emplace_back("Disturbed", disturbed + ".");
  for (const std::string& warning : sweep.metadata.warnings)
    points.points.emplace_back("", warning);
  if (points.points.empty()) return {};
  return Only(std::move(points));
}

}  // namespace ollama_bench
