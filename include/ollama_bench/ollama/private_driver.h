#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/api_driver.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/ollama/private_server.h"
#include "ollama_bench/workload/driver.h"

namespace ollama_bench {

struct PrivateDriverOptions {
  std::vector<std::string> programs;  ///< Ollama's; a cell of several names its own
  std::filesystem::path models;       ///< folder that the servers read, a mirror of the user's
  std::filesystem::path folder;       ///< for what the servers write
  Cell first;                         ///< Connect starts the server of this cell
  std::vector<Parameter> varied;      ///< of Scope::kServer: those that cells may set
  /// Variables that its servers get, but for what cells may set.
  std::map<std::string, std::string> environment;
  ApiDriverOptions api;
  /// Names of models in the memory of other servers of this machine.
  std::function<std::vector<std::string>()> others;
  DebugLog log = {};
};

/// Measures a cell on an `ollama serve` of its own, through its API. The server is started again
/// where the next cell needs another one (ServerOf), and ends with the object.
class PrivateDriver : public Driver {
 public:
  /// `clock` and `stop` must outlive the object.
  PrivateDriver(PrivateDriverOptions options, Clock& clock, const StopRequest& stop);
  ~PrivateDriver() override;

  [[nodiscard]] std::string_view name() const override { return "private"; }
  /// Also starts a server that has ended.
  Expected<ServerFacts, Failure> Connect() override;
  [[nodiscard]] std::vector<std::string> TemporaryModels() const override { return {}; }
  /// kCannotLoad where this release cannot have the cell's settings; nothing was started then.
  Expected<PreparedCell, Failure> Prepare(const Cell& cell) override;
  Expected<RunReport, Failure> Run(std::string_view prompt) override;
  Expected<RunReport, Failure> RunWindow(const WindowPlan& plan, PromptFeed& feed) override;
  Expected<void, Failure> ForgetPrompt() override;
  Expected<RunMetrics, Failure> Decode(int tokens) override;
  std::optional<LoadedModel> Loaded() override;
  std::vector<std::string> OtherModels() override;
  /// Ends the server.
  Expected<void, Failure> CleanUp() override;

  /// Of the server that runs; once connected.
  [[nodiscard]] OllamaApi& api() { return *api_; }

 private:
  /// One of the programs, its server, and the driver that speaks to it.
  struct Program {
    std::string path;
    std::optional<PrivateServer> server;
    std::optional<ApiDriver> driver;
    std::string version;  ///< once it was started
  };

  Program& ProgramOf(const Cell& cell);
  PrivateServer& ServerOfProgram(Program& program);
  /// Makes the server of `cell` the one that runs.
  Expected<void, Failure> Serve(const Cell& cell);
  [[nodiscard]] PrivateServer::Environment EnvironmentOf(
      const Cell& cell, const std::vector<ComputeDevice>& devices) const;
  Expected<void, Failure> Start(PrivateServer& server);
  Expected<void, Failure> CheckVersion(const PrivateServer& server);
  Expected<void, Failure> CheckDevices(const Cell& cell);
  Expected<ServerFacts, Failure> FactsOf(const std::string& program);
  [[nodiscard]] bool LacksFlashAttention(const std::string& version) const;

  PrivateDriverOptions options_;
  Clock& clock_;
  const StopRequest& stop_;
  std::optional<OllamaApi> api_;  ///< all servers have one address, one after the other
  std::vector<Program> programs_;
  Program* running_ = nullptr;
  Cell server_;                       ///< ServerOf the cells that it serves
  std::optional<ServerFacts> facts_;  ///< once connected
};

}  // namespace ollama_bench
