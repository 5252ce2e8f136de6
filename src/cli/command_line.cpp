#include "command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command_docs.h"
#include "ollama_bench/cli/program.h"
#include "ollama_bench/core/parameter.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/core/version.h"
#include "ollama_bench/render/text_report.h"
#include "ollama_bench/session/session_error.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 no cell succeeded, 2 wrong usage or configuration,\n"
    "3 environment (no Ollama, no model, no disk), 4 results file refused,\n"
    "5 compare --fail-if-slower found a slow-down or a cell that now fails.";

// For those who build packages: hidden from --help, the manual page and the completions.
void AddDocumentationCommand(CLI::App& app, std::function<int()>& action) {
  using Writer = std::string (*)(const CommandDoc&);
  static const std::map<std::string, Writer> kWriters = {
      {"man", ManPage}, {"bash", BashCompletion}, {"zsh", ZshCompletion}, {"fish", FishCompletion}};
  const auto kind = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("documentation", "Print manual page or completion");
  command->group("");
  command->add_option("KIND", *kind)->required()->check(CLI::IsMember(kWriters));
  command->callback([kind, &app, &action] {
    action = [kind, &app] {
      Print(stdout, "{}", kWriters.at(*kind)(DescribeCommands(app)));
      return static_cast<int>(ExitCode::kDone);
    };
  });
}

/// CLI11's help with descriptions in lines of at most 80 columns, and flags without the "{false}"
/// of those that switch something off.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    constexpr std::string_view kOff = "{false}";
    std::string name = CLI::Formatter::make_option_name(option, is_positional);
    for (auto place = name.find(kOff); place != std::string::npos; place = name.find(kOff)) {
      name.erase(place, kOff.size());
    }
    return name;
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string text = Wrapped(option->get_description(), kColumns - get_column_width());
    text.pop_back();
    return text;
  }

 private:
  static constexpr std::size_t kColumns = 80;
};

/// The word that a person should look at.
struct Stray {
  std::string_view kind = "argument";  ///< "command", "option" or "argument"
  std::string word;
};

// An option that is not known leaves its value behind as well, so options come first.
Stray FindStray(const std::vector<std::string>& words, bool without_command) {
  if (words.empty()) return {};
  if (without_command && !words.front().starts_with('-')) return {"command", words.front()};
  for (const std::string& word : words) {
    if (word.starts_with('-')) return {"option", word};
  }
  return {"argument", words.front()};
}

std::vector<std::string> KnownWords(const CommandDoc& command, const Stray& stray) {
  std::vector<std::string> known;
  if (stray.kind == "command") {
    for (const CommandDoc& other : command.commands) known.push_back(other.name);
  } else if (stray.kind == "option") {
    known = NamesOfOptions(command);
  }
  return known;
}

// Empty where nothing known comes near. A parameter's name is not its flag's: --num-ctx is --ctx.
std::string WordMeant(const std::string& word, const std::vector<std::string>& known) {
  const auto letters = word.find_first_not_of('-');
  std::string key = letters == std::string::npos ? std::string() : word.substr(letters);
  std::replace(key.begin(), key.end(), '-', '_');
  if (const auto parameter = ParameterFromKey(key)) {
    const std::string flag(Describe(*parameter).flag);
    if (std::find(known.begin(), known.end(), flag) != known.end()) return flag;
  }
  // Every flag of one letter is near every other.
  return key.size() < 2 ? std::string() : NearestSpelling(word, known);
}

// "`run` and `plan`": the commands that have the option.
std::string CommandsWith(const CLI::App& app, const std::string& option) {
  std::vector<std::string> commands;
  for (const CommandDoc& command : DescribeCommands(app).commands) {
    const auto words = KnownWords(command, {"option", option});
    if (std::find(words.begin(), words.end(), option) != words.end()) {
      commands.push_back(fmt::format("`{}`", command.name));
    }
  }
  return fmt::format("{}", fmt::join(commands, " and "));
}

}  // namespace

void DeclareCommandLine(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  app.name("ollama-bench");
  app.formatter(std::make_shared<HelpFormatter>());
  app.description(
      "Finds the fastest settings of a model on this machine's Ollama,\n"
      "and shows how far the answer can be trusted.");
  app.set_version_flag("--version", std::string("ollama-bench ") + kVersion);
  app.require_subcommand(0, 1);
  app.footer(kFooter);
  action = [&app] {
    Print(stderr, "{}", app.help());
    return static_cast<int>(ExitCode::kUsage);
  };
  AddRunCommand(app, action, stop);
  AddTuneCommand(app, action, stop);
  AddLoadCommand(app, action, stop);
  AddScaleCommand(app, action, stop);
  AddSuiteCommand(app, action, stop);
  AddPlanCommand(app, action, stop);
  AddPromptsCommand(app, action, stop);
  AddStatusCommand(app, action, stop);
  AddHeatmapCommand(app, action);
  AddPlotCommand(app, action);
  AddReportCommand(app, action);
  AddCompareCommand(app, action);
  AddMergeCommand(app, action);
  AddExportCommand(app, action, stop);
  AddDoctorCommand(app, action, stop);
  AddDocumentationCommand(app, action);
}

std::string DescribeStrayArguments(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  const CommandDoc command = DescribeCommands(chosen.empty() ? app : *chosen.front());
  const std::string where = chosen.empty() ? command.name : app.get_name() + " " + command.name;
  const std::string subject = chosen.empty() ? "there is" : fmt::format("`{}` knows", command.name);
  const Stray stray = FindStray(app.remaining(/*recurse=*/true), chosen.empty());
  std::string text = fmt::format("{} no {} '{}'", subject, stray.kind,
                                 Printable(WithoutPasswords(stray.word), false));
  const std::string word = stray.word.substr(0, stray.word.find('='));
  const std::string elsewhere = stray.kind == "option" ? CommandsWith(app, word) : std::string();
  const std::string nearest = WordMeant(word, KnownWords(command, stray));
  if (!elsewhere.empty()) {
    text += ", which has an effect in " + elsewhere;
  } else if (!nearest.empty()) {
    text += fmt::format("; did you mean '{}'?", nearest);
  }
  return text + fmt::format("\n`{} --help` lists what there is", where);
}

std::string DescribeWrongUsage(const CLI::App& app, const CLI::ParseError& error) {
  // What follows an unknown option may have been taken for an argument.
  const auto stray = app.remaining(/*recurse=*/true);
  const bool is_stray = std::any_of(stray.begin(), stray.end(),
                                    [](const std::string& word) { return word.starts_with('-'); });
  if (is_stray) return DescribeStrayArguments(app);
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  std::string text = error.what();
  for (const CLI::Option* option : command.get_options()) {
    const auto& values = option->results();
    const bool takes_one = option->get_items_expected_max() == 1;
    if (takes_one && values.size() > 1 && dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
      text = fmt::format("{}: is given twice, {} and {}; give it once", option->get_name(),
                         Printable(values[0], false), Printable(values[1], false));
    }
  }
  return fmt::format("{}\n`{}{} --help` lists what there is", WithoutPasswords(text),
                     app.get_name(), chosen.empty() ? "" : " " + command.get_name());
}

namespace {

// What to return at once: after --help and --version, and after wrong usage. CLI11 has codes of its
// own; ours only separate right from wrong.
std::optional<int> Parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ExtrasError&) {
    PrintError(DescribeStrayArguments(app));
    return static_cast<int>(ExitCode::kUsage);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    PrintError(DescribeWrongUsage(app, error));
    return static_cast<int>(ExitCode::kUsage);
  }
}

// Output that could not be written must not pass for written.
int CheckOutput(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (errno == EPIPE) DieOfSignal(SIGPIPE);
  PrintError("cannot write to standard output");
  return static_cast<int>(ExitCode::kEnvironment);
}

}  // namespace

int RunProgram(int argc, char** argv) {
  static StopRequest stop;
  InstallSignalHandlers(stop);
  CLI::App app;
  std::function<int()> action;
  DeclareCommandLine(app, action, stop);
  if (const auto code = Parse(app, argc, argv)) return CheckOutput(*code);
  int code = 0;
  try {
    code = action();
  } catch (const std::exception& error) {
    PrintError(error.what());
    code = static_cast<int>(ExitCode::kEnvironment);
  }
  code = CheckOutput(code);
  if (stop.Requested()) DieOfSignal(stop.signal_number());
  return code;
}

}  // namespace ollama_bench
