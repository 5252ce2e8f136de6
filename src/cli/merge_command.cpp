#include "command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/store/merge.h"
#include "ollama_bench/store/merge_prompts.h"
#include "ollama_bench/store/telemetry_files.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct MergeOptions {
  std::vector<fs::path> inputs;
  fs::path output;
  bool force_mixed = false;
  bool json = false;
};

// Which of the inputs the output replaces.
std::optional<std::size_t> FindInPlace(const MergeOptions& options) {
  std::error_code error;
  for (std::size_t i = 0; i < options.inputs.size(); ++i) {
    if (fs::equivalent(options.inputs[i], options.output, error)) return i;
  }
  return std::nullopt;
}

Expected<void, SessionError> CheckConflicts(const MergeOptions& options,
                                            const std::vector<std::string>& conflicts) {
  if (conflicts.empty() || options.force_mixed) return {};
  return Fail(ExitCode::kStore,
              fmt::format("these results were made under different conditions:\n  {}\nmix them "
                          "knowingly with --force-mixed",
                          fmt::join(conflicts, "\n  ")));
}

Expected<void, SessionError> CheckMerged(const MergeOptions& options, const MergedStores& merged) {
  if (merged.replaces_old_shape) {
    return Fail(ExitCode::kUsage, fmt::format("{} is a file of the old script, which stays as it "
                                              "is; give another --output",
                                              options.output.string()));
  }
  return CheckConflicts(options, merged.conflicts);
}

void Report(const MergeOptions& options, const MergedStores& merged) {
  if (!options.json) {
    Print(stdout, "{}: {} cells, {} samples of {} files{}\n", options.output.string(), merged.cells,
          merged.samples, options.inputs.size(), merged.conflicts.empty() ? "" : ", MIXED");
    return;
  }
  Json inputs = Json::array();
  for (const fs::path& input : options.inputs) inputs.push_back(input.string());
  const Json json = {{"output", options.output.string()},
                     {"inputs", inputs},
                     {"cells", merged.cells},
                     {"samples", merged.samples},
                     {"conflicts", merged.conflicts},
                     {"warnings", merged.warnings}};
  Print(stdout, "{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

// The requests of windows of load and the readings of machines, which lie beside the results.
Expected<void, SessionError> CarryBulk(FileSystem& file_system, const MergeOptions& options) {
  for (const fs::path& input : options.inputs) {
    const auto store = ResultsStore::Load(file_system, input);
    if (!store) continue;  // one of the old script's shape, which has none
    const auto copied = CopyBulkFiles(file_system, input, options.output, store->results());
    if (!copied) return Unexpected<SessionError>(ToSessionError(copied.error()));
  }
  return {};
}

Expected<void, SessionError> Merge(const MergeOptions& options) {
  PosixFileSystem file_system;
  const OutputTarget target{options.output, OutputKind::kResults, "--output", options.inputs};
  if (auto fits = CheckOutput(file_system, target); !fits) return fits;
  SystemClock clock;
  // From here on no run can begin to write the file.
  const auto lock = LockStore(options.output, clock);
  if (!lock) return Unexpected<SessionError>(ToSessionError(lock.error()));
  const auto merged = MergeStores(file_system, options.inputs, FindInPlace(options));
  if (!merged) return Unexpected<SessionError>(ToSessionError(merged.error()));
  if (auto fits = CheckMerged(options, *merged); !fits) return fits;
  if (auto done = WriteOutput(file_system, target, merged->text); !done) return done;
  if (auto done = CarryBulk(file_system, options); !done) return done;
  for (const std::string& warning : merged->warnings) {
    if (!options.json) PrintWarning(warning);
  }
  Report(options, *merged);
  return {};
}

void ReportPrompts(const MergeOptions& options, const MergedPrompts& merged) {
  const bool is_mixed = !merged.conflicts().empty();
  if (options.json) {
    Json inputs = Json::array();
    for (const fs::path& input : options.inputs) inputs.push_back(input.string());
    const Json json = {
        {"output", options.output.string()}, {"inputs", inputs},
        {"prompts", merged.prompts()},       {"repeats", merged.repeats()},
        {"records", merged.records()},       {"answered", merged.answered()},
        {"missing", merged.missing()},       {"complete", merged.missing() == 0 && !is_mixed},
        {"conflicts", merged.conflicts()}};
    Print(stdout, "{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  Print(stdout, "{}: {} records of {} files{}, {} of them answers\n", options.output.string(),
        merged.records(), options.inputs.size(), is_mixed ? ", MIXED" : "", merged.answered());
  const std::string times =
      merged.repeats() > 1 ? fmt::format(", {} times each", merged.repeats()) : std::string();
  if (merged.missing() == 0) {
    Print(stdout, "complete: each of the data set's {} prompts is there{}\n", merged.prompts(),
          times.empty() ? " once" : times);
  } else {
    Print(stdout, "incomplete: {} of the data set's {} requests are missing (prompts {})\n",
          merged.missing(), merged.prompts() * merged.repeats(), merged.MissingPlaces());
  }
}

// Outputs of `prompts`, which are lines and no store.
Expected<void, SessionError> MergePromptFiles(const MergeOptions& options) {
  PosixFileSystem file_system;
  for (const fs::path& input : options.inputs) {
    if (HoldsPrompts(input)) continue;
    return Fail(ExitCode::kUsage, fmt::format("{} holds no records of `prompts`, which others of "
                                              "the files do; merge one kind at a time",
                                              input.string()));
  }
  const OutputTarget target{options.output, OutputKind::kPrompts, "--output", options.inputs};
  SystemClock clock;
  const auto lock = LockStore(options.output, clock, "--output");
  if (!lock) return Unexpected<SessionError>(ToSessionError(lock.error()));
  const auto merged = MergedPrompts::Read(file_system, options.inputs);
  if (!merged) return Unexpected<SessionError>(ToSessionError(merged.error()));
  if (auto fits = CheckConflicts(options, merged->conflicts()); !fits) return fits;
  auto output = StreamedOutput::Open(file_system, target);
  if (!output) return Unexpected<SessionError>(output.error());
  const auto copied = merged->Write([&output](std::string_view line) { output->Write(line); });
  if (!copied) return Unexpected<SessionError>(ToSessionError(copied.error()));
  if (auto done = output->Finish(); !done) return done;
  ReportPrompts(options, *merged);
  return {};
}

bool AnyHoldsPrompts(const MergeOptions& options) {
  return std::any_of(options.inputs.begin(), options.inputs.end(), HoldsPrompts);
}

int RunMerge(const MergeOptions& options) {
  const auto done = AnyHoldsPrompts(options) ? MergePromptFiles(options) : Merge(options);
  if (done) return static_cast<int>(ExitCode::kDone);
  PrintError(done.error().message);
  return static_cast<int>(done.error().code);
}

}  // namespace

void AddMergeCommand(CLI::App& app, std::function<int()>& action) {
  const auto options = std::make_shared<MergeOptions>();
  CLI::App* merge = app.add_subcommand("merge", "Unite results files into one");
  merge->footer(
      "Samples are united by their ids: none is doubled, and the order does not matter.\n"
      "Outputs of `prompts`, such as those of all shards, become one, and it is said whether\n"
      "every prompt of the data set is there.\n"
      "Example: ollama-bench merge monday.json tuesday.json -o both.json");
  merge
      ->add_option("RESULTS", options->inputs,
                   "Results of sweeps, or outputs of `prompts`; finished or not")
      ->required();
  merge->add_option("-o,--output", options->output, "File to write: a new one, or one of RESULTS")
      ->type_name("FILE")
      ->required();
  merge->add_flag("--force-mixed", options->force_mixed,
                  "Unite them although model, prompt or Ollama differ");
  merge->add_flag("--json", options->json, "Report for programs instead of people");
  merge->callback([options, &action] { action = [options] { return RunMerge(*options); }; });
}

}  // namespace ollama_bench
