#include "command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/analysis/prompt_comparison.h"
#include "ollama_bench/render/comparison_text.h"
#include "ollama_bench/render/difference_scene.h"
#include "ollama_bench/render/picture.h"
#include "ollama_bench/render/prompt_text.h"
#include "ollama_bench/session/compared_values.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/store/identity_check.h"
#include "ollama_bench/store/prompt_lines.h"
#include "option_values.h"
#include "store_report.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsualResults = "benchmark_results.json";

struct CompareOptions {
  fs::path first;  ///< with `by`, the only one
  fs::path second;
  std::vector<fs::path> pictures;
  SliceOptions slice;          ///< of the pictures
  std::string metric;          ///< empty: the workload's
  std::string fail_if_slower;  // empty: no check
  std::string by;              ///< two values of a parameter or label; empty: two files
  bool markdown = false;
  bool json = false;
};

OutputTarget PictureTarget(const CompareOptions& options, const fs::path& path) {
  const PictureFormat format = *PictureFormatFromExtension(path.extension().string());
  std::vector<fs::path> inputs = {options.first};
  if (options.by.empty()) inputs.push_back(options.second);
  return {path, KindOf(format), "--output FILE", std::move(inputs)};
}

// Before anything is printed, so that a refusal is all that there is to read.
Expected<void, SessionError> CheckOutputs(FileSystem& file_system, const CompareOptions& options) {
  for (const fs::path& path : options.pictures) {
    auto fits = CheckOutput(file_system, PictureTarget(options, path));
    if (!fits) return fits;
  }
  return {};
}

std::vector<std::string> DifferencesOf(const ResultsStore& first, const ResultsStore& second) {
  const auto identity = [](const ResultsStore& store) {
    return StoredIdentity{store.path().string(), store.metadata().identity,
                          store.metadata().environment};
  };
  IdentityCheck check = CompareStored(identity(first), identity(second));
  std::vector<std::string> differences = std::move(check.refusals);
  differences.insert(differences.end(), check.warnings.begin(), check.warnings.end());
  for (const ResultsStore* store : {&first, &second}) {
    if (store->metadata().replayed) {
      differences.push_back(fmt::format("{}: replayed from a recording", store->path().string()));
    }
    if (store->metadata().mixed) {
      differences.push_back(
          fmt::format("{}: mixes samples of different identities", store->path().string()));
    }
  }
  return differences;
}

// Names without their folders, as long as that distinguishes them.
ComparisonCaption CaptionOf(const CompareOptions& options, std::vector<std::string> differences) {
  const bool same_name = options.first.filename() == options.second.filename();
  const auto name = [same_name](const fs::path& path) {
    return same_name ? path.string() : path.filename().string();
  };
  return {name(options.first), name(options.second), std::move(differences), {}};
}

// Values are called as they are written: "num_thread=4".
ComparisonCaption CaptionOf(const ResultsStore& store, const ValuePair& by) {
  const auto name = [&by](int value) {
    return fmt::format("{}={}", KeyOf(by.parameter), FormatValue(by.parameter, value));
  };
  return {name(by.first), name(by.second), DifferencesBetween(store, by),
          store.path().filename().string()};
}

Expected<void, SessionError> WritePictures(FileSystem& file_system, const CompareOptions& options,
                                           const SweepComparison& comparison,
                                           const ComparisonCaption& caption) {
  const bool is_empty =
      comparison.cells.empty() && comparison.only_first.empty() && comparison.only_second.empty();
  if (options.pictures.empty() || is_empty) return {};
  const auto font = Font::Load();
  if (!font) return Fail(ExitCode::kEnvironment, font.error());
  const auto scene = LayOutDifference(comparison, caption, *font, SliceOf(options.slice));
  if (!scene) return Fail(ExitCode::kUsage, "cannot draw the difference: " + scene.error());
  WarnOfLettersWithoutFont(*font);
  for (const fs::path& path : options.pictures) {
    const auto bytes =
        RenderPicture(*scene, *PictureFormatFromExtension(path.extension().string()));
    if (!bytes) {
      return Fail(ExitCode::kEnvironment,
                  fmt::format("cannot draw {}: {}", path.string(), bytes.error()));
    }
    if (auto done = WriteOutput(file_system, PictureTarget(options, path), *bytes); !done) {
      return done;
    }
    Print(stderr, "wrote {}\n", path.string());
  }
  return {};
}

void PrintReport(const CompareOptions& options, const SweepComparison& comparison,
                 const ComparisonCaption& caption, std::optional<bool> is_slower) {
  for (const std::string& difference : caption.differences) {
    if (!options.json) PrintWarning(difference);
  }
  if (options.json) {
    Print(stdout, "{}", RenderComparisonJson(comparison, caption, is_slower));
  } else if (options.markdown) {
    Print(stdout, "{}", RenderComparisonMarkdown(comparison, caption));
  } else {
    Print(stdout, "{}", RenderComparisonText(comparison, caption, StyleOf(STDOUT_FILENO)));
  }
}

Expected<ResultsStore, SessionError> LoadFile(FileSystem& file_system, const fs::path& path) {
  auto store = ResultsStore::Load(file_system, path);
  if (store) return std::move(*store);
  return Unexpected<SessionError>(ToSessionError(NotResults(path, store.error())));
}

// The one that was asked for, or the first file's headline, where the file can answer it.
Expected<Metric, SessionError> ChooseMetric(const CompareOptions& options,
                                            const std::vector<const ResultsStore*>& stores) {
  const Metric metric = options.metric.empty()
                            ? Describe(WorkloadOf(stores.front()->metadata())).headline
                            : *MetricFromKey(options.metric);
  for (const ResultsStore* store : stores) {
    if (const auto ok = CheckMetric(metric, store->metadata()); !ok) {
      return Unexpected<SessionError>(ok.error());
    }
  }
  return metric;
}

Expected<ExitCode, SessionError> Report(FileSystem& file_system, const CompareOptions& options,
                                        const SweepComparison& comparison,
                                        const ComparisonCaption& caption) {
  std::optional<bool> is_slower;
  if (!options.fail_if_slower.empty()) {
    is_slower = IsSlower(comparison, *ParsePercent(options.fail_if_slower));
  }
  PrintReport(options, comparison, caption, is_slower);
  if (const auto ok = WritePictures(file_system, options, comparison, caption); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  if (is_slower.value_or(false)) return ExitCode::kSlower;
  const bool are_same = comparison.by && !comparison.by->same.empty();
  return comparison.cells.empty() && !are_same ? ExitCode::kNoCell : ExitCode::kDone;
}

Expected<ExitCode, SessionError> CompareFiles(const CompareOptions& options) {
  PosixFileSystem file_system;
  if (const auto ok = CheckOutputs(file_system, options); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  const auto first = LoadFile(file_system, options.first);
  if (!first) return Unexpected<SessionError>(first.error());
  const auto second = LoadFile(file_system, options.second);
  if (!second) return Unexpected<SessionError>(second.error());
  const auto metric = ChooseMetric(options, {&*first, &*second});
  if (!metric) return Unexpected<SessionError>(metric.error());
  const SweepComparison comparison = CompareSweeps(first->results(), second->results(), *metric);
  return Report(file_system, options, comparison,
                CaptionOf(options, DifferencesOf(*first, *second)));
}

// No cell of the comparison has the parameter any more.
Expected<void, SessionError> CheckSlice(const Slice& slice, Parameter parameter) {
  const bool is_in_where =
      std::any_of(slice.where.begin(), slice.where.end(),
                  [parameter](const Axis& axis) { return axis.parameter == parameter; });
  if (slice.across != parameter && slice.down != parameter && !is_in_where) return {};
  return Fail(ExitCode::kUsage,
              fmt::format("{0} is what --by compares, so that no cell of the picture has a value "
                          "of it: leave it out of --across, --down and --where",
                          KeyOf(parameter)));
}

// As two files, one after the other.
Expected<ExitCode, SessionError> CompareByLabelled(FileSystem& file_system,
                                                   const CompareOptions& options,
                                                   const ResultsStore& store,
                                                   const CompareByLabel& by, Metric metric) {
  const auto chosen = ChooseLabelled(store, by);
  if (!chosen) return Unexpected<SessionError>(chosen.error());
  const auto& [first, second] = *chosen;
  const ComparisonCaption caption{by.label + "=" + first.value, by.label + "=" + second.value,
                                  DifferencesBetween(store, by, first, second),
                                  store.path().filename().string()};
  return Report(file_system, options, CompareSweeps(first.results, second.results, metric),
                caption);
}

Expected<ExitCode, SessionError> CompareByValue(const CompareOptions& options) {
  PosixFileSystem file_system;
  if (HoldsPrompts(options.first)) {
    return Fail(ExitCode::kUsage,
                fmt::format("{}: --by is of the cells of a sweep, and this is an output of "
                            "`prompts`; compare two of these",
                            options.first.string()));
  }
  const CompareBy by = *ParseCompareBy(options.by);
  const auto* parameter = std::get_if<CompareByParameter>(&by);
  if (parameter != nullptr) {
    const auto ok = CheckSlice(SliceOf(options.slice), parameter->parameter);
    if (!ok) return Unexpected<SessionError>(ok.error());
  }
  if (const auto ok = CheckOutputs(file_system, options); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  const auto store = LoadFile(file_system, options.first);
  if (!store) return Unexpected<SessionError>(store.error());
  const auto metric = ChooseMetric(options, {&*store});
  if (!metric) return Unexpected<SessionError>(metric.error());
  if (parameter == nullptr) {
    return CompareByLabelled(file_system, options, *store, std::get<CompareByLabel>(by), *metric);
  }
  const auto values = ChooseValues(*store, *parameter);
  if (!values) return Unexpected<SessionError>(values.error());
  return Report(file_system, options, CompareValues(store->results(), *values, *metric),
                CaptionOf(*store, *values));
}

/// The answers of a pass over prompts, and what they were asked with.
struct StoredPass {
  PromptRuns runs;
  std::optional<PromptConfig> config;
};

Expected<StoredPass, SessionError> ReadPass(const fs::path& path) {
  PosixFileSystem file_system;
  StoredPass pass;
  const auto read = ReadPromptRecords(file_system, path, [&pass](PromptRecord record) {
    pass.runs.Add(record);
    if (!pass.config) pass.config = std::move(record.config);
  });
  if (!read) return Unexpected<SessionError>(ToSessionError(read.error()));
  return pass;
}

std::vector<std::string> DifferencesOf(const CompareOptions& options, const StoredPass& first,
                                       const StoredPass& second) {
  std::vector<std::string> differences;
  if (!first.config || !second.config) return differences;
  const auto add = [&](std::string_view what, const std::string& one, const std::string& other) {
    if (one == other) return;
    differences.push_back(fmt::format("{}: {} has {}, {} has {}", what, options.first.string(), one,
                                      options.second.string(), other));
  };
  add("model", first.config->model, second.config->model);
  add("digest", first.config->digest, second.config->digest);
  add("Ollama", first.config->ollama_version, second.config->ollama_version);
  add("max-new-tokens", std::to_string(first.config->num_predict),
      std::to_string(second.config->num_predict));
  std::size_t other_texts = 0;
  for (const auto& [id, prompt] : first.runs.prompts()) {
    const auto found = second.runs.prompts().find(id);
    other_texts += found != second.runs.prompts().end() && found->second.text != prompt.text;
  }
  if (other_texts > 0) {
    differences.push_back(
        fmt::format("{} prompts of the same id have different texts", other_texts));
  }
  return differences;
}

// What a comparison of prompts has no use for.
Expected<void, SessionError> CheckForPrompts(const CompareOptions& options) {
  if (!options.pictures.empty()) {
    return Fail(ExitCode::kUsage,
                "--output draws cells of sweeps, and these are outputs of `prompts`; leave it out");
  }
  for (const fs::path& path : {options.first, options.second}) {
    if (HoldsPrompts(path)) continue;
    return Fail(ExitCode::kUsage,
                fmt::format("{} holds no records of `prompts`, and the other file does; compare "
                            "two of one kind",
                            path.string()));
  }
  return {};
}

Expected<ExitCode, SessionError> ComparePasses(const CompareOptions& options) {
  if (const auto ok = CheckForPrompts(options); !ok) return Unexpected<SessionError>(ok.error());
  const auto first = ReadPass(options.first);
  if (!first) return Unexpected<SessionError>(first.error());
  const auto second = ReadPass(options.second);
  if (!second) return Unexpected<SessionError>(second.error());
  const Metric metric = options.metric.empty() ? Metric::kTotal : *MetricFromKey(options.metric);
  const PromptComparison comparison = ComparePrompts(first->runs, second->runs, metric);
  const ComparisonCaption caption = CaptionOf(options, DifferencesOf(options, *first, *second));
  std::optional<bool> is_slower;
  if (!options.fail_if_slower.empty()) {
    is_slower = IsSlower(comparison, *ParsePercent(options.fail_if_slower));
  }
  for (const std::string& difference : caption.differences) {
    if (!options.json) PrintWarning(difference);
  }
  if (options.json) {
    Print(stdout, "{}", RenderPromptComparisonJson(comparison, caption, is_slower));
  } else if (options.markdown) {
    Print(stdout, "{}", RenderPromptComparisonMarkdown(comparison, caption));
  } else {
    Print(stdout, "{}", RenderPromptComparisonText(comparison, caption, StyleOf(STDOUT_FILENO)));
  }
  if (is_slower.value_or(false)) return ExitCode::kSlower;
  return comparison.prompts.empty() ? ExitCode::kNoCell : ExitCode::kDone;
}

Expected<ExitCode, SessionError> Compare(const CompareOptions& options) {
  if (!options.by.empty()) return CompareByValue(options);
  const bool are_prompts = HoldsPrompts(options.first) || HoldsPrompts(options.second);
  return are_prompts ? ComparePasses(options) : CompareFiles(options);
}

int RunCompare(const CompareOptions& options) {
  const auto code = Compare(options);
  if (code) return static_cast<int>(*code);
  PrintError(code.error().message);
  return static_cast<int>(code.error().code);
}

// How many files there have to be depends on --by.
void CheckFiles(const CLI::App& compare, CompareOptions& options) {
  if (options.by.empty()) {
    for (const char* name : {"BEFORE", "AFTER"}) {
      if (compare.count(name) == 0) throw CLI::RequiredError(name);
    }
  } else if (compare.count("AFTER") > 0) {
    throw CLI::ValidationError("--by", "compares two values in one results file; leave AFTER out");
  } else if (compare.count("BEFORE") == 0) {
    options.first = kUsualResults;
  }
}

void AddFiles(CLI::App& compare, CompareOptions& options) {
  compare.add_option("BEFORE", options.first,
                     "Results of the first sweep, or an output of `prompts`; with --by the only "
                     "one [benchmark_results.json]");
  compare.add_option("AFTER", options.second, "Those of the second; none with --by");
  compare
      .add_option("--by", options.by,
                  "Compare two values of this parameter in one results file; where it was swept "
                  "with more, name them, as in num_thread=4,8. Or two values of a label (--label), "
                  "the last two unless they are named, or two hosts (host)")
      ->type_name("NAME[=BEFORE,AFTER]")
      ->check([](const std::string& text) {
        const auto by = ParseCompareBy(text);
        return by ? std::string() : by.error();
      });
}

}  // namespace

void AddCompareCommand(CLI::App& app, std::function<int()>& action) {
  CLI::App* compare = app.add_subcommand(
      "compare",
      "Show what changed significantly between two sweeps, two values in one, or two outputs of "
      "`prompts`");
  const auto options = std::make_shared<CompareOptions>();
  compare->footer(
      "A slow period of the machine that lasts a whole sweep looks like a change.\n"
      "To confirm a small one, measure before and after in turns: --by compares such values.\n"
      "Example: ollama-bench compare before.json after.json --fail-if-slower 5%\n"
      "         ollama-bench compare --by num_thread benchmark_results.json");
  AddFiles(*compare, *options);
  compare->add_option("-o,--output", options->pictures, "Picture of the differences, by its ending")
      ->type_name("FILE.png|.svg|.pdf")
      ->allow_extra_args(false)
      ->check(CheckPictureName);
  AddTableOptions(*compare, options->slice);
  for (const char* option : {"--across", "--down", "--where"}) {
    compare->get_option(option)->needs("--output");
  }
  compare
      ->add_option("--metric", options->metric,
                   "What is compared [the workload's; of prompts total]")
      ->check(CLI::IsMember(KeysOf(AllMetrics())));
  compare
      ->add_option("--fail-if-slower", options->fail_if_slower,
                   "Return 5 where things got slower by more than this, overall or in a cell, or a "
                   "cell that was measured now fails")
      ->type_name("PERCENT")
      ->check(CheckPercent);
  CLI::Option* markdown = compare->add_flag("--markdown", options->markdown, "Report as Markdown");
  compare->add_flag("--json", options->json, "Report for programs instead of people")
      ->excludes(markdown);
  compare->callback([options, compare, &action] {
    CheckFiles(*compare, *options);
    action = [options] { return RunCompare(*options); };
  });
}

}  // namespace ollama_bench
