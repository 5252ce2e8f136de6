#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/model_list.h"
#include "ollama_bench/ollama/modelfile.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/process/process_runner.h"
#include "ollama_bench/workload/driver.h"
#include "ollama_bench/workload/loaded_setting.h"

namespace ollama_bench {

struct CliDriverOptions {
  std::string program = "ollama";  ///< the command, as for exec
  std::string base_model;          ///< an existing model, used where there is no template
  std::optional<ModelfileTemplate> modelfile;
  std::string temporary_model;    ///< name of the model that each cell re-creates
  std::filesystem::path scratch;  ///< an empty folder of ours, for the rewritten Modelfile
  int num_predict = 2;            ///< tokens
  std::chrono::milliseconds timeout{360'000};  ///< of one command
};

/// Called with a model on the server right after its create. `digest` is empty where it is not
/// known.
using OnCreated = std::function<void(const std::string& model, const std::string& digest)>;

/// What a Driver uses of the outside world. All must outlive it.
struct CliDriverSeams {
  ProcessRunner& runner;
  OllamaApi& api;
  Clock& clock;
  const StopRequest& stop;
  OnCreated on_created = {};  ///< empty: nothing is called
};

/// Measures a cell the way a person would: rewritten Modelfile, `ollama create`, `ollama run
/// --verbose`. HTTP is used only for what the command line does not report or do safely: versions,
/// digests, what is loaded, unloading, removing. No command that could pull a model is ever given a
/// name that the server does not have, and none replaces a model that another made meanwhile.
class CliDriver : public Driver {
 public:
  CliDriver(CliDriverOptions options, CliDriverSeams seams);

  [[nodiscard]] std::string_view name() const override { return "cli"; }
  Expected<ServerFacts, Failure> Connect() override;
  [[nodiscard]] std::vector<std::string> TemporaryModels() const override;
  Expected<PreparedCell, Failure> Prepare(const Cell& cell) override;
  Expected<RunReport, Failure> Run(std::string_view prompt) override;
  Expected<void, Failure> ForgetPrompt() override;
  Expected<RunMetrics, Failure> Decode(int tokens) override;
  std::optional<LoadedModel> Loaded() override;
  std::vector<std::string> OtherModels() override;
  Expected<void, Failure> CleanUp() override;

  /// Makes the temporary model once, through the program, and looks for it through the API: shows
  /// that both reach one server, that the program sees our files, and that Ollama takes the
  /// Modelfile and can measure what it makes. Where the program's server has another base model,
  /// nothing is made, for that would download one. After a failure that is not kInterrupted the
  /// model is gone again, from whatever server the program reached. To be called after Connect,
  /// once the names of TemporaryModels are written down; returns what the model is.
  Expected<ModelDetails, Failure> CheckServerOfProgram();

 private:
  [[nodiscard]] bool HasWeights() const;
  [[nodiscard]] std::string BaseName() const;
  [[nodiscard]] Modelfile CellModelfile() const;
  Expected<void, Failure> CheckModelsOfProgram();
  Expected<std::vector<ListedModel>, Failure> ListThroughProgram(const std::string& name);
  Expected<ModelDetails, Failure> CheckTemporaryModel();
  Failure DescribeFailedCreate(Failure failure) const;
  [[nodiscard]] Failure OtherServer(std::string_view what) const;
  std::string RemoveThroughProgram();
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> ParametersOf(Cell cell) const;
  void Unload();
  Expected<void, Failure> CheckProgram();
  Expected<std::string, Failure> FindBaseModel();
  Expected<void, Failure> ImportWeights();
  Expected<std::chrono::nanoseconds, Failure> Create(const std::string& model,
                                                     const std::string& modelfile);
  Expected<void, Failure> CheckNotAnothers(const std::string& model);
  std::string DigestOf(const std::string& model);
  ProcessOutcome RunOllama(std::vector<std::string> arguments, std::string input);
  Expected<void, Failure> Classify(const ProcessOutcome& outcome, std::string_view step) const;

  CliDriverOptions options_;
  CliDriverSeams seams_;
  std::string version_;  ///< of the server, once connected
  std::string base_;     ///< the model that cells are made from, as the server has it
  bool weights_imported_ = false;
  std::map<std::string, std::string> created_;  ///< digests by model; empty where not known
  LoadedSetting loaded_;
};

}  // namespace ollama_bench
