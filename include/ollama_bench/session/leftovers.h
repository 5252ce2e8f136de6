#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/unique_fd.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The name of a store's temporary model where the user chose none. It holds the store's id, so
/// that nobody else makes a model of this name.
std::string OwnModelName(const std::string& store_id);

/// Whether `name` is such a name, or derived from one.
bool IsOwnModelName(const std::string& name, const std::string& store_id);

/// Whether the model that the server lists under the name of `noted`, with `digest`, was made by a
/// sweep of the store `store_id`. A name of the store's own says so; one that the user chose may be
/// that of a model of the user's by now, so the digest that was noted must be there and equal.
bool IsOwnModel(const TemporaryModel& noted, const std::string& store_id,
                const std::string& digest);

/// What became of the temporary models that a store notes. Those that are gone are in no list.
struct ClearedModels {
  std::vector<std::string> removed;
  std::vector<TemporaryModel> kept;  ///< on the server, but not known to be the store's
  std::vector<TemporaryModel> left;  ///< could not be removed
  std::string reason;                ///< why not
};

/// Removes the models of `noted` that are on the server and the store's own (see IsOwnModel). Where
/// the server does not answer, all are left. To be called only while the store is locked.
ClearedModels ClearModels(const std::vector<TemporaryModel>& noted, const std::string& store_id,
                          OllamaApi& api);

/// What a person should know of a model that is kept, the command that removes it included.
std::string DescribeKept(const std::string& model);

/// That the server has none of the models that are about to be created; a model of the user's is
/// never taken for one of ours. kUsage names the one that is there, kEnvironment a server that does
/// not answer.
Expected<void, SessionError> CheckNamesAreFree(const std::vector<std::string>& names,
                                               OllamaApi& api);

/// An empty folder of our own under the system's temporary folder, removed with the object. An
/// flock(2) on the folder itself shows for how long somebody uses it.
class ScratchFolder {
 public:
  /// Also removes those that were abandoned.
  static Expected<ScratchFolder, SessionError> Make();
  /// Removes nothing, for commands that only look.
  static Expected<ScratchFolder, SessionError> MakeKeepingOthers();

  ~ScratchFolder();
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  ScratchFolder(std::filesystem::path path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

/// Scratch folders of this user in `parent` whose owner died without removing them.
std::vector<std::filesystem::path> FindAbandonedScratch(const std::filesystem::path& parent);
/// The folder that scratch folders are made in.
std::filesystem::path ScratchParent();

}  // namespace ollama_bench
