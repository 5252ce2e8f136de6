#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ollama_bench {

/// A model as `ollama list` shows it.
struct ListedModel {
  std::string name;  ///< with its tag
  std::string id;    ///< the first digits of its digest
};

/// The lines of `ollama list`, without its header.
std::vector<ListedModel> ParseModelList(std::string_view output);

/// Whether `listed` has the model `name`, with `digest` where that is not empty.
bool IsListed(const std::vector<ListedModel>& listed, const std::string& name,
              const std::string& digest);

/// Whether an error of `ollama create` says that the program does not see the Modelfile.
bool SaysModelfileIsUnseen(std::string_view error);

}  // namespace ollama_bench
