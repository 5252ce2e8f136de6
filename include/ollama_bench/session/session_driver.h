#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/cli_driver.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/ollama/present_setting.h"
#include "ollama_bench/ollama/private_driver.h"
#include "ollama_bench/ollama/server_address.h"
#include "ollama_bench/plan/default_grid.h"
#include "ollama_bench/process/posix_process_runner.h"
#include "ollama_bench/session/leftovers.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"
#include "ollama_bench/store/file_lock.h"
#include "ollama_bench/store/results_store.h"
#include "ollama_bench/sweep/recording.h"
#include "ollama_bench/workload/driver.h"

namespace ollama_bench {

/// The server that a command is about: `host` (from --host), where that is empty OLLAMA_HOST, else
/// Ollama's default. Nothing is contacted. The error (kUsage) says what is wrong with the text.
Expected<ServerAddress, SessionError> FindServer(const std::string& host);

/// The configured Modelfile, or nothing where a model is named instead. The error (kUsage) names
/// file and line.
Expected<std::optional<ModelfileTemplate>, SessionError> ReadTemplate(const SweepConfig& config);

/// That a prompt can be given as it is where `facts` say that the program attaches the files it
/// names. The error (kUsage) names the file.
Expected<void, SessionError> CheckAttachesNothing(std::string_view prompt,
                                                  const ServerFacts& facts);

/// The model as the user named it: its name, or the path of the Modelfile.
std::string ModelDescription(const SweepConfig& config);

/// What to tell a user who named no model: those of the server at `place`, and how `command` is
/// told.
std::string NoModelNamed(const std::vector<ModelListing>& models, const std::string& place,
                         std::string_view command);

/// Keeps other measurements off the machine of the server at `address` until the lock goes, on
/// whatever port they are. The lock is a file in the folder that OLLAMA_BENCH_LOCK_FOLDER names,
/// else in /tmp.
Expected<FileLock, SessionError> LockMachineOf(const ServerAddress& address, Clock& clock);

/// How cells are measured.
enum class DriverKind { kCli, kApi, kPrivate, kReplay };

/// What a command measures with: a server or a recording, and the driver that speaks to it. Owns
/// all that the driver depends on. The steps must be taken in the order of their declaration, for a
/// sweep's grid may depend on what the server reports of the model.
class SessionDriver {
 public:
  /// The options, the clock and the stop request must outlive the object. `on_idle`, where given,
  /// is called a few times a second while something runs.
  SessionDriver(const DriverOptions& options, FileSystem& file_system, Clock& clock,
                const StopRequest& stop, std::function<void()> on_idle);

  /// Finds the server's address or reads the recording, and chooses the driver: the one asked for,
  /// else that of `stored_driver` (what earlier results were made with, may be empty), else a
  /// server of our own where `config` varies what a start decides, else the command line where
  /// there is one, else the API of a server that answers.
  Expected<void, SessionError> Open(const SweepConfig& config, const std::string& stored_driver);
  /// Keeps other sweeps off the server's machine until the object goes.
  Expected<void, SessionError> LockServer();
  /// `config` with what it leaves open filled in: the recording's model, a grid that fits model and
  /// memory. Where no model is named the error lists those of the server.
  Expected<SweepConfig, SessionError> Complete(SweepConfig config, GridSize size);
  /// Makes the driver for `config`, which must be complete, and connects it. Nothing is created on
  /// the server yet. `store` is what results go to. `on_created` may be empty.
  Expected<ServerFacts, SessionError> Connect(const SweepConfig& config, const Metadata& store,
                                              std::uint64_t runs_before, OnCreated on_created);

  /// Where Ollama's program is used: checks once that it and the API reach one server, and that it
  /// can measure `prompt` (see CliDriver::CheckServerOfProgram). To be called once the names of the
  /// temporary models are on disk. Nothing is done after a stop request.
  Expected<void, SessionError> CheckProgram(std::string_view prompt);

  struct FoundBaseline {
    std::optional<Baseline> setting;
    bool needs_load = false;  ///< as in FoundSetting
    std::string why_not;
  };
  /// What the user has at present for the model of `config`; of a recording, what it had.
  FoundBaseline FindBaseline(const SweepConfig& config, MayLoad may_load);

  [[nodiscard]] Driver& driver() { return *driver_; }
  /// Of the server that is measured; null with a recording.
  [[nodiscard]] OllamaApi* api();
  /// Null with a server.
  [[nodiscard]] const Recording* recording() const { return recording_ ? &*recording_ : nullptr; }
  /// Metadata of the recording; null with a server.
  [[nodiscard]] const Metadata* recorded() const { return recording_ ? &recorded_ : nullptr; }
  /// Whether cells may differ in settings of the server: it is started for them.
  [[nodiscard]] bool CanVaryServer() const { return kind_ == DriverKind::kPrivate; }
  /// URL or file, for a person.
  [[nodiscard]] const std::string& place() const { return place_; }
  /// What there is to know of the driver chosen, where that is worth a word; else empty.
  [[nodiscard]] const std::string& notice() const { return notice_; }
  /// What there is to know of the grid that Complete chose, one line each, mostly none.
  [[nodiscard]] const std::vector<std::string>& grid_notes() const { return grid_notes_; }

 private:
  Expected<void, SessionError> OpenRecording();
  Expected<void, SessionError> CheckAnswers();
  Expected<void, SessionError> StartPrivateServer(const SweepConfig& config);
  Expected<void, SessionError> RequireModelName(SweepConfig& config);
  GridFacts FactsOf(const std::string& model);
  void AddServerSettings(const SweepConfig& config, Baseline& baseline);
  Expected<void, SessionError> MakeCliDriver(const SweepConfig& config, const Metadata& store,
                                             OnCreated on_created);
  Expected<void, SessionError> MakeApiDriver(const SweepConfig& config);
  void MakeReplayDriver(std::uint64_t runs_before);

  const DriverOptions& options_;
  FileSystem& file_system_;
  Clock& clock_;
  const StopRequest& stop_;
  std::function<void()> on_idle_;
  PosixProcessRunner runner_;
  DriverKind kind_ = DriverKind::kCli;
  std::string place_;
  std::string notice_;
  std::vector<std::string> grid_notes_;
  std::string program_;  ///< Ollama's
  ServerAddress usual_;  ///< of the server that the user has
  std::optional<OllamaApi> api_;
  std::optional<FileLock> server_lock_;
  std::optional<Recording> recording_;
  Metadata recorded_;
  std::optional<ScratchFolder> scratch_;
  std::map<std::string, std::string> usual_settings_;  ///< of the server that the user has
  std::unique_ptr<Driver> driver_;
  CliDriver* cli_ = nullptr;          ///< driver_, where it is one
  PrivateDriver* private_ = nullptr;  ///< the same
};

}  // namespace ollama_bench
