#include <fmt/format.h>

#include "command_docs.h"

namespace ollama_bench {
namespace {

// What the shells ask for the models of the server; silent where there is no `ollama`.
constexpr const char* kModelNames = "ollama list 2>/dev/null | awk 'NR > 1 {print $1}'";

bool WantsModel(const OptionDoc& option) {
  return !option.names.empty() && option.names.front() == "--model";
}

// `text` between single quotes, for a POSIX shell.
std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<std::string> NamesOf(const std::vector<OptionDoc>& options) {
  std::vector<std::string> names;
  for (const OptionDoc& option : options) {
    if (!option.positional) names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

std::vector<std::string> NamesOf(const std::vector<CommandDoc>& commands) {
  std::vector<std::string> names;
  for (const CommandDoc& command : commands) names.push_back(command.name);
  return names;
}

// Cases for what follows an option that takes one of a few values, or a model.
std::string BashValueCases(const CommandDoc& command) {
  std::string text;
  for (const OptionDoc& option : command.options) {
    std::string words;
    if (!option.choices.empty()) words = fmt::format("{}", fmt::join(option.choices, " "));
    if (WantsModel(option)) words = fmt::format("$({})", kModelNames);
    if (words.empty()) continue;
    for (const std::string& name : option.names) {
      text +=
          fmt::format("    '{} {}') COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); return;;\n",
                      command.name, name, words);
    }
  }
  return text;
}

// In zsh's specifications colons and brackets separate; a backslash takes that away.
std::string ZshText(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string ZshAction(const OptionDoc& option) {
  if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
  if (WantsModel(option)) return fmt::format("($({}))", kModelNames);
  return "_files";
}

std::string ZshOption(const OptionDoc& option) {
  std::string text;
  if (option.positional) {
    return fmt::format("        {} \\\n",
                       Quoted(fmt::format("*:{}:_files", ZshText(option.names.front()))));
  }
  for (const std::string& name : option.names) {
    std::string spec = fmt::format("{}[{}]", name, ZshText(option.help));
    if (!option.value.empty()) {
      spec += fmt::format(":{}:{}", ZshText(option.value), ZshAction(option));
    }
    text += fmt::format("        {} \\\n", Quoted(spec));
  }
  return text;
}

// fish knows two escapes between single quotes.
std::string FishQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string FishOption(const std::string& program, const std::string& condition,
                       const OptionDoc& option) {
  if (option.positional) return {};
  std::string text = fmt::format("complete -c {} -n {}", program, FishQuoted(condition));
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.choices.empty()) {
    text += fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
  } else if (WantsModel(option)) {
    text += fmt::format(" -x -a {}", FishQuoted(fmt::format("({})", kModelNames)));
  } else if (!option.value.empty()) {
    text += " -r";
  }
  return text + fmt::format(" -d {}\n", FishQuoted(option.help));
}

}  // namespace

std::string BashCompletion(const CommandDoc& program) {
  std::string text = fmt::format(
      "# bash completion for {0}, written by `{0} documentation bash`\n"
      "_ollama_bench() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "  local command= word\n"
      "  for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n"
      "    case $word in {1}) command=$word; break;; esac\n"
      "  done\n"
      "  case \"$command $previous\" in\n",
      program.name, fmt::join(NamesOf(program.commands), "|"));
  for (const CommandDoc& command : program.commands) text += BashValueCases(command);
  text += "  esac\n  local words\n  case $command in\n";
  text += fmt::format("    '') words='{} {}';;\n", fmt::join(NamesOf(program.commands), " "),
                      fmt::join(NamesOf(program.options), " "));
  for (const CommandDoc& command : program.commands) {
    text += fmt::format("    {}) words='{}';;\n", command.name,
                        fmt::join(NamesOf(command.options), " "));
  }
  return text + fmt::format(
                    "  esac\n"
                    "  # A word that begins no option is a file, which -o default completes.\n"
                    "  [[ -n $command && $current != -* ]] && return\n"
                    "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                    "}}\n"
                    "complete -o default -F _ollama_bench {}\n",
                    program.name);
}

std::string ZshCompletion(const CommandDoc& program) {
  std::string text = fmt::format(
      "#compdef {0}\n"
      "# zsh completion for {0}, written by `{0} documentation zsh`\n"
      "_ollama_bench() {{\n"
      "  local -a commands\n"
      "  commands=(\n",
      program.name);
  for (const CommandDoc& command : program.commands) {
    text += fmt::format("    {}\n", Quoted(command.name + ":" + ZshText(command.help)));
  }
  text +=
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command commands\n";
  text += "    _arguments \\\n";
  for (const OptionDoc& option : program.options) text += ZshOption(option);
  text +=
      "        && return\n"
      "    return\n"
      "  fi\n"
      "  local chosen=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $chosen in\n";
  for (const CommandDoc& command : program.commands) {
    text += fmt::format("    {})\n      _arguments \\\n", command.name);
    for (const OptionDoc& option : command.options) text += ZshOption(option);
    text += "        && return;;\n";
  }
  return text + "  esac\n}\n_ollama_bench \"$@\"\n";
}

std::string FishCompletion(const CommandDoc& program) {
  std::string text =
      fmt::format("# fish completion for {0}, written by `{0} documentation fish`\n", program.name);
  for (const OptionDoc& option : program.options) {
    text += FishOption(program.name, "__fish_use_subcommand", option);
  }
  for (const CommandDoc& command : program.commands) {
    text += fmt::format("complete -c {} -f -n __fish_use_subcommand -a {} -d {}\n", program.name,
                        command.name, FishQuoted(command.help));
    for (const OptionDoc& option : command.options) {
      text += FishOption(program.name, "__fish_seen_subcommand_from " + command.name, option);
    }
  }
  return text;
}

}  // namespace ollama_bench
