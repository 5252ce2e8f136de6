#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {

/// A private `ollama serve`, the real one or the stand-in, on a free loopback port, with its HOME
/// and models in a scratch folder; ended by its process id. Throws std::runtime_error when it does
/// not come up.
class OllamaServer {
 public:
  using Json = nlohmann::ordered_json;
  using Variables = std::vector<std::pair<std::string, std::string>>;

  /// `ollama` is the executable; `added` goes to the environment of server and clients.
  OllamaServer(std::filesystem::path ollama, Variables added);

  /// For a Program: OLLAMA_HOST of this server, HOME, TMPDIR, OLLAMA_MODELS, and PATH with its
  /// `ollama` first.
  [[nodiscard]] Variables Environment() const;
  [[nodiscard]] const std::filesystem::path& ollama() const { return ollama_; }
  [[nodiscard]] const std::string& host() const { return host_; }  ///< "127.0.0.1:41234"
  [[nodiscard]] int port() const;
  [[nodiscard]] pid_t pid() const { return server_->pid(); }
  /// The scratch folder; a test may use it too.
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

  /// Runs its command line against this server, in its folder.
  [[nodiscard]] Ended Run(const std::vector<std::string>& arguments,
                          const std::string& input = "") const;
  /// The JSON under a path of its HTTP interface, such as "/api/ps".
  [[nodiscard]] Json Get(const std::string& path) const;

  /// Starts the server; after Kill() it comes back on the same port, with its models.
  void Start();
  void Kill();

 private:
  TemporaryFolder folder_;
  std::filesystem::path ollama_;
  Variables added_;
  std::string host_ = "127.0.0.1:0";
  std::unique_ptr<RunningProgram> server_;
};

}  // namespace ollama_bench::testing
