#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// Where a user's models can be, first to last.
struct ModelFolderPlaces {
  std::optional<std::filesystem::path> named;  ///< by the user: taken, or the error says why not
  std::string own_variable;     ///< OLLAMA_MODELS of this program's environment; may be empty
  std::string server_variable;  ///< of a running local server's, where that is readable
  std::vector<std::filesystem::path> usual;  ///< UsualModelFolders
};

/// $HOME/.ollama/models, and where the service of the Linux installer keeps them.
std::vector<std::filesystem::path> UsualModelFolders(const std::filesystem::path& home);

/// The first place that exists and holds `manifests` and `blobs`, absolute. Only looks. The error,
/// with the fix, names a folder on the way that may not be read or searched, and who may; a folder
/// whose blobs have the names of before v0.1.26 ("sha256:…"), which a server's start would rename;
/// where there is none, all that was looked at.
Expected<std::filesystem::path, std::string> FindModelFolder(const ModelFolderPlaces& places);

/// Makes `into` a model folder with `models` of `folder`: a copy of each one's manifest, and
/// symbolic links to the blobs that it names. A server on `into` (OLLAMA_NOPRUNE=1, its own HOME)
/// so has no path on which it would write, rename or remove anything of `folder`; it only opens
/// blobs, for reading. Names are read as Ollama reads them, case does not count. Seen with v0.11.4
/// and v0.32.15: /api/tags lists a mirrored model with the digest that it has in `folder`; it loads
/// and generates.
///
/// The error, with the fix, names a model that is not there and those that are, a blob that is
/// missing or not readable, or what could not be written. `into` may exist, but not in `folder`.
Expected<void, std::string> MirrorModels(const std::filesystem::path& folder,
                                         const std::vector<std::string>& models,
                                         const std::filesystem::path& into);

}  // namespace ollama_bench
