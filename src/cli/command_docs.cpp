#include "command_docs.h"

#include <sstream>

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

}  // namespace ollama_bench
