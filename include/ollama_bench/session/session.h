#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/strategy.h"
#include "ollama_bench/machine/machine_probe.h"
#include "ollama_bench/machine/server_process_watch.h"
#include "ollama_bench/session/baseline.h"
#include "ollama_bench/session/machine_watch.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/session_driver.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_identity.h"
#include "ollama_bench/session/session_options.h"
#include "ollama_bench/store/ulid.h"
#include "ollama_bench/sweep/sweep.h"

namespace ollama_bench {

/// One start of a command that measures: its store, its server, what they agree on.
class Session {
 public:
  /// All must outlive the object. `notices` is told of every warning outside a sweep. `on_idle`,
  /// where given, is called a few times a second while something runs, and no more once the
  /// progress given to Measure has ended.
  Session(const SessionOptions& options, const SweepConfig& config, const StopRequest& stop,
          Observer& notices, std::function<void()> on_idle = nullptr);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Opens the store, finds and locks the server, fills in what the configuration leaves open,
  /// removes what an earlier start left, and checks that model, prompt and Ollama are those of the
  /// store. Nothing was created or written yet when it returns.
  Expected<void, SessionError> Begin(GridSize size);
  /// Writes down the plan, and the configuration where --save-config asks for it, then visits the
  /// cells that `strategy` names, and removes what was made. `progress` is destroyed as soon as the
  /// last visit is over; what is noticed after it goes to `notices`.
  Expected<SweepOutcome, SessionError> Measure(Strategy& strategy,
                                               std::unique_ptr<Observer> progress,
                                               CellRunnerOptions runner);

  /// What the user has at present, to be measured too: as the store has it, else found out and
  /// noted there. `cell` is empty where it cannot hold the prompt or is not known; the reason is
  /// warned of.
  BaselineChoice SettleBaseline();
  /// Takes from `cells` those that are the same measurement as another and notes them in the store
  /// as aliases, unless they hold samples of their own. With `measure` set it forgets such notes.
  void SettleAliases(std::vector<Cell>& cells, bool measure);

  /// For a start that finds all measured: writes down that what an earlier start, killed at its
  /// end, had left on the server is gone, and the configuration where --save-config asks for it. A
  /// store without such a note is not written.
  Expected<void, SessionError> MeasureNothing();

  /// Filled in by Begin.
  [[nodiscard]] const SweepConfig& config() const { return config_; }
  [[nodiscard]] const ResultsStore& store() const { return opened_->store; }
  [[nodiscard]] SessionDriver& driver() { return driver_; }
  [[nodiscard]] const ServerFacts& facts() const { return facts_; }
  [[nodiscard]] const SessionPrompt& prompt() const { return prompt_; }
  [[nodiscard]] Clock& clock() { return clock_; }

  /// The cells of the grid in the configured order; of a recording those that it has.
  [[nodiscard]] std::vector<Cell> PlannedCells() const;
  /// How the runner is to measure: as configured. Each call is a start of its own.
  [[nodiscard]] CellRunnerOptions RunnerOptions();
  /// Warns now, and lets the store remember it.
  void Warn(const std::string& text);

 private:
  Expected<void, SessionError> SettleTemporaryModels();
  Expected<void, SessionError> CheckStoreFits();
  Expected<void, SessionError> WriteDownPlan();
  Expected<void, SessionError> CheckProgram();
  [[nodiscard]] bool IsOnThisMachine() const;
  [[nodiscard]] bool CanMeasure(const Cell& cell) const;
  void WaitUntilQuiet(Observer& observer);
  void WarnOfMachine();
  void WarnOfGrid();
  void CleanUp();
  void NoteTemporaryModels(std::vector<TemporaryModel> models);
  void NoteDigest(const std::string& model, const std::string& digest);
  [[nodiscard]] Unexpected<SessionError> LastChangesLost(const StoreError& reason) const;

  const SessionOptions& options_;
  SweepConfig config_;
  const StopRequest& stop_;
  SystemClock clock_;
  UlidSource ids_;
  PosixFileSystem file_system_;
  std::optional<OpenedStore> opened_;
  Observer& notices_;
  std::function<void()> on_idle_;
  SessionDriver driver_;
  ServerFacts facts_;
  SessionPrompt prompt_;
  std::string host_;  ///< that is measured; empty where a remote server does not report it
  MachineWatch machine_;
  std::optional<MachineProbe> probe_;
  std::optional<ServerProcessWatch> watch_;
  std::vector<std::string> warnings_;
};

/// What a sweep's end means for the shell, `any_success` being whether the store holds a rate.
ExitCode ExitCodeOf(const SweepOutcome& outcome, bool any_success);

}  // namespace ollama_bench
