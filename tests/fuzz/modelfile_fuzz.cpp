// Any bytes as a Modelfile: refused with a line, or rewritten so that Ollama would read the cell's
// parameters and otherwise what it read before. The stand-in's reader, written apart from the
// product's, is the judge.

#include <algorithm>

#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/modelfile.h"
#include "require.h"
#include "support/stand_in/modelfile.h"

namespace ollama_bench {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

bool IsSet(const std::string& name) {
  return name == "num_ctx" || name == "num_batch";
}

Parameters Others(Parameters parameters) {
  std::erase_if(parameters, [](const auto& parameter) { return IsSet(parameter.first); });
  return parameters;
}

std::vector<std::string> From(const Modelfile& modelfile) {
  std::vector<std::string> named;
  for (const ModelfileCommand& command : modelfile.commands()) {
    if (command.kind == ModelfileCommand::Kind::kFrom) named.push_back(command.value);
  }
  return named;
}

void CheckRewritten(const Modelfile& modelfile) {
  const std::string text = modelfile.WithParameters({{"num_ctx", "4096"}, {"num_batch", "128"}});
  const auto again = Modelfile::Parse(text);
  Require(again.has_value() && From(*again) == From(modelfile));
  Require(From(modelfile.WithFrom("other")) == std::vector<std::string>{"other"});
  const auto before = stand_in::ParseModelfile(modelfile.text());
  const auto after = stand_in::ParseModelfile(text);
  if (!before) return;
  Require(after.has_value());
  Require(after->from == before->from && after->texts == before->texts);
  Require(Others(after->parameters) == Others(before->parameters));
  for (const auto& [name, value] : Parameters{{"num_ctx", "4096"}, {"num_batch", "128"}}) {
    const auto is_it = [&name = name](const auto& parameter) { return parameter.first == name; };
    Require(std::count_if(after->parameters.begin(), after->parameters.end(), is_it) == 1);
    Require(std::find_if(after->parameters.begin(), after->parameters.end(), is_it)->second ==
            value);
  }
}

}  // namespace
}  // namespace ollama_bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ollama_bench;
  const auto modelfile =
      Modelfile::Parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (modelfile) {
    CheckRewritten(*modelfile);
  } else {
    Require(!modelfile.error().empty() && Printable(modelfile.error()) == modelfile.error());
  }
  return 0;
}
