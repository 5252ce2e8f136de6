#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/generate_request.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/workload/driver.h"
#include "ollama_bench/workload/loaded_setting.h"

namespace ollama_bench {

struct ApiDriverOptions {
  std::vector<std::string> models;             ///< existing ones; a cell of several names its own
  int num_predict = 2;                         ///< tokens
  std::chrono::milliseconds timeout{360'000};  ///< of one run, its load included
  std::function<void()> on_idle;  ///< where given, called a few times a second during a run
};

/// Measures a cell through the options of /api/generate: nothing is created on the server and no
/// command line is needed, so it also reaches a server in a container or on another machine. The
/// user's model itself is loaded with the cell's options, and taken out of memory at the end.
class ApiDriver : public Driver {
 public:
  /// `api`, `clock` and `stop` must outlive the object.
  ApiDriver(ApiDriverOptions options, OllamaApi& api, Clock& clock, const StopRequest& stop);

  [[nodiscard]] std::string_view name() const override { return "api"; }
  Expected<ServerFacts, Failure> Connect() override;
  [[nodiscard]] std::vector<std::string> TemporaryModels() const override { return {}; }
  Expected<PreparedCell, Failure> Prepare(const Cell& cell) override;
  Expected<RunReport, Failure> Run(std::string_view prompt) override;
  Expected<RunReport, Failure> RunWindow(const WindowPlan& plan, PromptFeed& feed) override;
  Expected<void, Failure> ForgetPrompt() override;
  Expected<RunMetrics, Failure> Decode(int tokens) override;
  std::optional<LoadedModel> Loaded() override;
  std::vector<std::string> OtherModels() override;
  Expected<void, Failure> CleanUp() override;

 private:
  Expected<SubjectFacts, Failure> FactsOf(const std::string& name);
  /// That of the prepared cell.
  [[nodiscard]] std::string Model() const;
  void Unload();
  [[nodiscard]] GenerateRequest RequestOf(std::string prompt, int num_predict) const;

  ApiDriverOptions options_;
  OllamaApi& api_;
  Clock& clock_;
  const StopRequest& stop_;
  std::string version_;  ///< of the server, once connected
  std::optional<Cell> cell_;
  LoadedSetting loaded_;
};

}  // namespace ollama_bench
