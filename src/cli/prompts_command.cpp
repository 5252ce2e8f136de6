#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "closing.h"
#include "command_line.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/core/version.h"
#include "ollama_bench/session/prompt_session.h"
#include "option_values.h"
#include "session_flags.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;

struct PromptsFlags {
  PromptsOptions options;
  ClosingFlags closing;
  bool redraws = true;
};

std::string OutcomeOf(const PromptRecord& record) {
  if (record.failure) return "failed: " + record.failure->message;
  return fmt::format("{:.0f} ms, TTFT {:.0f} ms, {} tokens", record.timing.e2e_ms.value_or(0),
                     record.timing.ttft_ms.value_or(0), record.timing.generated_tokens.value_or(0));
}

/// Shows a pass on stderr, a line that is redrawn where it can be, else one now and then; with
/// --json as events on stdout.
class PromptsDisplay : public PromptsObserver {
 public:
  explicit PromptsDisplay(const PromptsFlags& flags)
      : flags_(flags), redraws_(flags.redraws && CanRedraw(STDERR_FILENO)) {}

  void OnWarning(const std::string& text) override {
    Erase();
    if (flags_.closing.json) {
      PrintEvent({{"event", "notice"}, {"level", "warning"}, {"text", text}});
    } else {
      PrintWarning(text);
    }
  }
  void OnBegin(const PromptsPlan& plan) override {
    planned_ = plan.requests;
    begun_ = Now();
    known_ = plan.known;
    done_ = plan.known;
    if (flags_.closing.quiet || flags_.closing.json) return;
    std::string text = fmt::format("ollama-bench {}: {} on Ollama {} at {}\n  {}", kVersion,
                                   plan.model, plan.ollama_version, plan.server, plan.data_set);
    if (plan.known > 0) text += fmt::format("; {} of {} requests are done", known_, planned_);
    Print(stderr, "{}\n  {} at a time, {} tokens at most, into {}\n", text,
          flags_.options.concurrency, flags_.options.max_new_tokens,
          flags_.options.output.string());
  }
  void OnRecord(const PromptRecord& record, std::size_t done) override {
    done_ = done;
    if (flags_.closing.json) return PrintRecord(record);
    if (flags_.closing.quiet) return;
    last_ = fmt::format("[{}/{}] {}: {}", done_, planned_,
                        Printable(StartOf(record.item.id, 30), false), OutcomeOf(record));
    // Failures stay on the screen.
    if (record.failure && record.failure->kind != FailureKind::kInterrupted) return PrintLine();
    constexpr std::chrono::seconds kPause{2};
    if (!redraws_ && (done_ == planned_ || !printed_ || Now() - *printed_ > kPause)) PrintLine();
  }
  void OnIdle() override {
    if (redraws_ && !flags_.closing.quiet && !flags_.closing.json && OwnsTerminal(STDERR_FILENO))
      Redraw();
  }
  void Erase() {
    if (!is_drawn_) return;
    Print(stderr, "\r\x1b[K");
    is_drawn_ = false;
  }

 private:
  using Time = std::chrono::steady_clock::time_point;

  static Time Now() { return std::chrono::steady_clock::now(); }

  static void PrintEvent(const Json& event) {
    Print(stdout, "{}\n", event.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  void PrintRecord(const PromptRecord& record) const {
    const auto number = [](const std::optional<double>& value) {
      return value ? Json(*value) : Json();
    };
    PrintEvent({{"event", "request"},
                {"id", record.item.id},
                {"repeat", record.repeat},
                {"end", record.end},
                {"failure", record.failure ? Json(Describe(record.failure->kind).key) : Json()},
                {"ttft_ms", number(record.timing.ttft_ms)},
                {"e2e_ms", number(record.timing.e2e_ms)},
                {"generated_tokens", record.timing.generated_tokens.value_or(0)},
                {"done", done_},
                {"total", planned_}});
    std::fflush(stdout);
  }
  void PrintLine() {
    Erase();
    printed_ = Now();
    Print(stderr, "{}{}\n", last_, TimeLeft());
  }
  void Redraw() {
    std::string line = last_.empty() ? fmt::format("[{}/{}]", done_, planned_) : last_;
    line = Printable(line + TimeLeft(), false);
    const auto width = static_cast<std::size_t>(std::max(TerminalWidth(STDERR_FILENO), 2) - 1);
    Print(stderr, "\r\x1b[K{}", StartOf(line, width));
    std::fflush(stderr);
    is_drawn_ = true;
  }
  [[nodiscard]] std::string TimeLeft() const {
    if (done_ <= known_ || done_ >= planned_) return {};
    const std::chrono::duration<double> passed = Now() - begun_;
    const double share =
        static_cast<double>(planned_ - done_) / static_cast<double>(done_ - known_);
    return fmt::format("; about {} left", FormatDuration(passed * share));
  }

  const PromptsFlags& flags_;
  bool redraws_;
  std::size_t planned_ = 0;
  std::size_t known_ = 0;
  std::size_t done_ = 0;
  Time begun_;
  std::optional<Time> printed_;
  std::string last_;
  bool is_drawn_ = false;
};

ExitCode Report(const PromptsFlags& flags, const PromptsOutcome& outcome, Closing& closing) {
  const std::string file = flags.options.output.string();
  if (!outcome.summary) {
    Print(stderr, "stopped; {} of {} requests are done and in {}; the same command resumes\n",
          outcome.done, outcome.planned, file);
    return ExitCode::kDone;
  }
  closing.Show(
      [&] {
        return RenderPromptSummary(*outcome.summary, outcome.caption, StyleOf(STDOUT_FILENO));
      },
      [&] { return RenderPromptSummaryJson(*outcome.summary, outcome.caption); });
  for (const auto& path : outcome.written) Print(stderr, "wrote {}\n", path.string());
  if (outcome.gave_up) {
    PrintError(
        fmt::format("{}\nrequests failed one after another, so the rest was not asked; the "
                    "same command resumes",
                    outcome.gave_up->message));
    return ExitCode::kEnvironment;
  }
  return outcome.summary->answered > 0 ? ExitCode::kDone : ExitCode::kNoCell;
}

int RunPromptsCommand(const PromptsFlags& flags, const StopRequest& stop) {
  PromptsDisplay display(flags);
  Closing closing(flags.closing);
  const auto outcome = RunPrompts(flags.options, stop, display);
  display.Erase();
  const auto code = outcome ? Expected<ExitCode, SessionError>(Report(flags, *outcome, closing))
                            : Unexpected<SessionError>(outcome.error());
  return static_cast<int>(closing.End(code, stop));
}

constexpr std::uint64_t kMostCount = 1'000'000;
constexpr const char* kSelection = "Which prompts";
constexpr const char* kRequests = "How they are asked";
constexpr const char* kFiles = "What is written";

// "2/4"; the session reads it again.
std::string CheckShard(const std::string& text) {
  const auto slash = text.find('/');
  const auto is_count = [](const std::string& part) {
    return !part.empty() && part.size() < 10 &&
           part.find_first_not_of("0123456789") == std::string::npos;
  };
  const bool has_both = slash != std::string::npos && is_count(text.substr(0, slash)) &&
                        is_count(text.substr(slash + 1));
  if (has_both) {
    const long number = std::stol(text.substr(0, slash));
    if (number >= 1 && number <= std::stol(text.substr(slash + 1))) return {};
  }
  return fmt::format("{}: write which of how many parts, such as 1/4", Printable(text, false));
}

std::function<std::string(const std::string&)> CheckWhole(std::uint64_t lowest,
                                                          std::uint64_t highest) {
  return [lowest, highest](const std::string& text) {
    std::string why = CheckCount(lowest)(text);
    if (!why.empty()) return why;
    if (text.size() < 19 && std::stoull(text) <= highest) return std::string();
    return fmt::format("{} is more than {}", Printable(text, false), highest);
  };
}

void AddSelectionFlags(CLI::App& app, PromptsOptions& options) {
  app.add_option("-i,--input", options.input,
                 "Data set: JSON lines, a JSON list, CSV or TSV with a header, or text with a "
                 "prompt a line; - for standard input [five built-in prompts]")
      ->type_name("FILE")
      ->group(kSelection);
  app.add_option("--field", options.field,
                 "Key or column of the prompt [prompt, else question, messages, conversations]")
      ->type_name("NAME")
      ->group(kSelection);
  app.add_flag("--skip-bad", options.skip_bad, "Leave entries out that hold no prompt")
      ->group(kSelection);
  app.add_option("--num-samples", options.num_samples, "The first N prompts alone")
      ->type_name("N")
      ->check(CheckCount(1))
      ->group(kSelection);
  app.add_option("--shard", options.shard,
                 "The K-th of N parts of these; `merge` unites their outputs")
      ->type_name("K/N")
      ->check(CheckShard)
      ->group(kSelection);
}

void AddRequestFlags(CLI::App& app, PromptsOptions& options, unsigned& timeout) {
  app.add_option("--max-new-tokens", options.max_new_tokens, "Tokens to generate at most")
      ->type_name("N")
      ->check(CheckWhole(1, kMostCount))
      ->capture_default_str()
      ->group(kRequests);
  app.add_option("--concurrency", options.concurrency, "Requests at a time")
      ->type_name("N")
      ->check(CheckWhole(1, 4096))
      ->capture_default_str()
      ->group(kRequests);
  app.add_option("--repeat", options.repeat,
                 "Ask each prompt so often, in rounds of a random order")
      ->type_name("N")
      ->check(CheckWhole(1, kMostCount))
      ->capture_default_str()
      ->group(kRequests);
  app.add_option("--seed", options.seed,
                 "Of the order of repeats, and of the sampler: a prompt's is this plus its place")
      ->type_name("N")
      ->check(CheckWhole(0, kMostCount))
      ->capture_default_str()
      ->group(kRequests);
  app.add_option("--timeout", timeout, "Seconds for a request")
      ->type_name("SECONDS")
      ->check(CheckWhole(1, kMostCount))
      ->capture_default_str()
      ->group(kRequests);
  app.add_option("--host", options.host, "Server [OLLAMA_HOST, else 127.0.0.1:11434]")
      ->type_name("HOST:PORT")
      ->group(kRequests);
}

void AddFileFlags(CLI::App& app, PromptsFlags& flags) {
  PromptsOptions& options = flags.options;
  app.add_option("-o,--output", options.output,
                 "Records of the prompts, one JSON object a line, to resume or to begin")
      ->type_name("FILE.jsonl")
      ->capture_default_str()
      ->group(kFiles);
  app.add_option("--tsv", options.table, "The same as a tab-separated table")
      ->type_name("FILE")
      ->group(kFiles);
  app.add_option("--trace", options.trace,
                 "Time line for Perfetto or chrome://tracing, and FILE.stats.json")
      ->type_name("FILE")
      ->group(kFiles);
  app.add_option("--histogram", options.histogram, "Picture of the distributions, by its ending")
      ->type_name("FILE.png|.svg|.pdf")
      ->check(CheckPictureName)
      ->group(kFiles);
  AddCommonFlags(app, options.labels, options.log, flags.redraws, flags.closing.on_done);
  app.add_flag("-q,--quiet", flags.closing.quiet, "No progress, only warnings and the result");
  app.add_flag("--json", flags.closing.json, "Events and result on stdout, one JSON object a line");
}

// An option and how older batch timing scripts spell it.
constexpr std::array<std::pair<const char*, const char*>, 3> kOldSpellings = {
    {{"--input", "--dataset_file"},
     {"--num-samples", "--num_samples"},
     {"--max-new-tokens", "--max_new_tokens"}}};

// What CLI11 cannot say without showing the old spellings in the help.
void CheckTogether(const CLI::App& app, const PromptsOptions& options) {
  for (const auto& [name, old] : kOldSpellings) {
    if (app.count(name) > 0 && app.count(old) > 0) {
      throw CLI::ValidationError(old, fmt::format("is {}, which is given as well", name));
    }
  }
  if (!options.field.empty() && options.input.empty()) {
    throw CLI::ValidationError("--field", "is of a data set; name it with --input");
  }
}

void AddOldFlags(CLI::App& app, PromptsOptions& options) {
  const auto add = [&app](std::size_t place, auto& value) {
    const auto& [name, old] = kOldSpellings.at(place);
    return app.add_option(old, value, fmt::format("Old spelling of {}", name))->group("");
  };
  add(0, options.input);
  add(1, options.num_samples)->check(CheckCount(1));
  add(2, options.max_new_tokens)->check(CheckWhole(1, kMostCount));
  const auto refuse = [&app](const char* name, const std::function<std::string(std::string)>& why) {
    app.add_option_function<std::string>(
           name,
           [name, why](const std::string& value) {
             throw CLI::ValidationError(name, why(Printable(value, false)));
           },
           "No longer there")
        ->group("");
  };
  refuse("--dataset", [](const std::string& value) {
    return fmt::format(
        "nothing is downloaded; export the data set once, and name the file with --input "
        "prompts.jsonl:\n  python3 -c \"from datasets import load_dataset; "
        "load_dataset('{}', split='train').to_json('prompts.jsonl')\"",
        value);
  });
  for (const char* name : {"--base_model", "--teacher_model"}) {
    refuse(name, [](const std::string& value) {
      return fmt::format(
          "Ollama runs one model, named with --model; for weights elsewhere: ollama create NAME "
          "-f Modelfile, with FROM {}; to compare two, run each with an --output of its own and "
          "`compare` these",
          value);
    });
  }
}

}  // namespace

void AddPromptsCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto flags = std::make_shared<PromptsFlags>();
  const auto timeout =
      std::make_shared<unsigned>(static_cast<unsigned>(flags->options.timeout.count()));
  CLI::App* prompts =
      app.add_subcommand("prompts", "Time each prompt of a data set, with its answer");
  prompts->footer(
      "Nothing is downloaded, and the model stays as it is. Interrupt it as you like: the same\n"
      "command asks what is left.\n"
      "Example: ollama-bench prompts --model qwen3:4b --input prompts.jsonl -o timing.jsonl");
  CLI::Option* model = prompts->add_option("--model", flags->options.model, "Model to ask");
  model->type_name("NAME");
  prompts->add_option("MODEL", flags->options.model, "The same, as an argument")->excludes(model);
  AddSelectionFlags(*prompts, flags->options);
  AddRequestFlags(*prompts, flags->options, *timeout);
  AddFileFlags(*prompts, *flags);
  AddOldFlags(*prompts, flags->options);
  prompts->callback([flags, timeout, prompts, &action, &stop] {
    CheckTogether(*prompts, flags->options);
    flags->options.timeout = std::chrono::seconds(*timeout);
    action = [flags, &stop] { return RunPromptsCommand(*flags, stop); };
  });
}

}  // namespace ollama_bench
