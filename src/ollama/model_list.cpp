#include "ollama_bench/ollama/model_list.h"

#include <algorithm>
#include <sstream>

#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {

std::vector<ListedModel> ParseModelList(std::string_view output) {
  std::vector<ListedModel> models;
  std::istringstream lines{std::string(output)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    ListedModel model;
    if (!(words >> model.name >> model.id)) continue;
    if (model.name == "NAME" && model.id == "ID") continue;
    models.push_back(std::move(model));
  }
  return models;
}

bool IsListed(const std::vector<ListedModel>& listed, const std::string& name,
              const std::string& digest) {
  return std::any_of(listed.begin(), listed.end(), [&](const ListedModel& model) {
    return IsSameModelName(model.name, name) &&
           (digest.empty() || digest.find(model.id) != std::string::npos);
  });
}

// A client that does not see the file looks for weights in the folder where it was started.
bool SaysModelfileIsUnseen(std::string_view error) {
  const std::string lower = Lower(error);
  return lower.find("modelfile wasn't found") != std::string::npos ||
         lower.find("no modelfile") != std::string::npos;
}

}  // namespace ollama_bench
