#include "command_docs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "ollama_bench/core/version.h"

namespace ollama_bench {
namespace {

// "TEXT:{a,b}" ends in the values that the option takes.
std::vector<std::string> ChoicesIn(const std::string& type) {
  const auto begin = type.find('{');
  const auto end = type.rfind('}');
  std::vector<std::string> choices;
  if (begin == std::string::npos || end == std::string::npos || end < begin) return choices;
  std::istringstream list(type.substr(begin + 1, end - begin - 1));
  for (std::string choice; std::getline(list, choice, ',');) choices.push_back(choice);
  return choices;
}

OptionDoc Describe(const CLI::Option& option) {
  OptionDoc doc;
  doc.positional = option.nonpositional() ? false : option.get_positional();
  if (doc.positional) {
    doc.names.push_back(option.get_name(true, false));
  } else {
    for (const std::string& name : option.get_lnames()) doc.names.push_back("--" + name);
    for (const std::string& name : option.get_snames()) doc.names.push_back("-" + name);
  }
  const bool takes_value = option.get_items_expected_max() > 0;
  const std::string type = takes_value ? option.get_type_name() : std::string();
  doc.value = type.substr(0, type.find(':'));
  // "HOST:PORT" is a name; what CLI11 appends to one are the rules for its values.
  if (type.starts_with("HOST:PORT")) doc.value = "HOST:PORT";
  doc.help = option.get_description();
  doc.fallback = option.get_default_str();
  doc.choices = ChoicesIn(type);
  doc.required = option.get_required();
  return doc;
}

}  // namespace

CommandDoc DescribeCommands(const CLI::App& app) {
  CommandDoc doc;
  doc.name = app.get_name();
  doc.help = app.get_description();
  doc.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) doc.options.push_back(Describe(*option));
  const auto shown = [](const CLI::App* command) { return !command->get_group().empty(); };
  for (const CLI::App* command : app.get_subcommands(shown)) {
    doc.commands.push_back(DescribeCommands(*command));
  }
  return doc;
}

namespace {

// Text as roff prints it literally. A line that begins with a dot or a quote would be a request.
std::string Escaped(const std::string& text) {
  std::string out;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) out += "\\&";
    at_line_start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string Sentence(const OptionDoc& option) {
  std::string text = option.help;
  if (!option.choices.empty()) text += fmt::format(": {}", fmt::join(option.choices, ", "));
  if (!option.fallback.empty()) text += fmt::format(" [{}]", option.fallback);
  return text;
}

std::string OptionText(const OptionDoc& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) {
    names.push_back(fmt::format("\\f{}{}\\fR", option.positional ? 'I' : 'B', Escaped(name)));
  }
  std::string text = fmt::format(".TP\n{}", fmt::join(names, ", "));
  if (!option.positional && !option.value.empty()) {
    text += fmt::format(" \\fI{}\\fR", Escaped(option.value));
  }
  return text + "\n" + Escaped(Sentence(option)) + "\n";
}

// Lines as they are: the footers hold examples.
std::string Verbatim(const std::string& text) {
  return text.empty() ? std::string() : fmt::format(".PP\n.nf\n{}\n.fi\n", Escaped(text));
}

std::string Synopsis(const CommandDoc& program, const CommandDoc& command) {
  std::string text =
      fmt::format("\\fB{} {}\\fR [\\fIOPTIONS\\fR]", Escaped(program.name), Escaped(command.name));
  for (const OptionDoc& option : command.options) {
    if (!option.positional) continue;
    text += option.required ? fmt::format(" \\fI{}\\fR...", Escaped(option.names.front()))
                            : fmt::format(" [\\fI{}\\fR]", Escaped(option.names.front()));
  }
  return text + "\n";
}

std::string CommandText(const CommandDoc& program, const CommandDoc& command) {
  std::string text = fmt::format(".SS {}\n{}.PP\n{}.\n", Escaped(command.name),
                                 Synopsis(program, command), Escaped(command.help));
  for (const OptionDoc& option : command.options) text += OptionText(option);
  return text + Verbatim(command.footer);
}

constexpr const char* kEnvironment =
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBOLLAMA_HOST\\fR\nThe server, as Ollama itself reads it, where \\fB\\-\\-host\\fR is "
    "not given.\n"
    ".TP\n\\fBNO_COLOR\\fR\nWhere set to anything, no colours are used.\n"
    ".TP\n\\fBCOLUMNS\\fR\nThe width of the output where there is no terminal.\n"
    ".TP\n\\fBTMPDIR\\fR\nWhere rewritten Modelfiles are kept for a moment.\n";

constexpr const char* kFiles =
    ".SH FILES\n"
    ".TP\n\\fIbenchmark_results.json\\fR\nThe results, readable and editable by hand.\n"
    ".TP\n\\fIbenchmark_config.yaml\\fR\nRead from the working directory where "
    "\\fB\\-\\-config\\fR names none.\n";

}  // namespace

std::string ManPage(const CommandDoc& program) {
  std::string text = fmt::format(
      ".\\\" Written by `{0} documentation man` from the command line's own description.\n"
      ".TH {1} 1 \"\" \"{0} {2}\" \"User Commands\"\n"
      ".SH NAME\n{3} \\- find the fastest settings of a model on Ollama\n"
      ".SH SYNOPSIS\n",
      program.name, Escaped(Upper(program.name)), kVersion, Escaped(program.name));
  for (const CommandDoc& command : program.commands) text += Synopsis(program, command) + ".br\n";
  text += ".SH DESCRIPTION\n" + Escaped(program.help) + "\n.SH COMMANDS\n";
  for (const CommandDoc& command : program.commands) text += CommandText(program, command);
  text += ".SH OPTIONS\n";
  for (const OptionDoc& option : program.options) text += OptionText(option);
  text += kEnvironment;
  text += kFiles;
  return text + ".SH EXIT STATUS\n" + Verbatim(program.footer);
}

std::vector<std::string> NamesOfOptions(const CommandDoc& command) {
  std::vector<std::string> names;
  for (const OptionDoc& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

}  // namespace ollama_bench
