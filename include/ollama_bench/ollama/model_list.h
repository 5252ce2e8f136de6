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

/// Why that can be, and what to do about it.
inline constexpr std::string_view kUnseenFolder =
    "a snap, a flatpak or a container has a /tmp of its own";
inline constexpr std::string_view kUnseenFolderRemedy =
    "name a folder that both see, for example TMPDIR=$HOME, or measure with --driver api";
/// What to do where the program reaches another server than the API.
inline constexpr std::string_view kOtherServerRemedy =
    "set OLLAMA_HOST and proxies where the program runs (a wrapper, a container), name the "
    "server's own program with --ollama PATH, or measure with --driver api";

}  // namespace ollama_bench
