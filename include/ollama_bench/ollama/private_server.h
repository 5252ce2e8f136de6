#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/core/debug_log.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/server_address.h"
#include "ollama_bench/ollama/server_log.h"
#include "ollama_bench/process/background_process.h"

namespace ollama_bench {

struct PrivateServerOptions {
  std::string program = "ollama";    ///< a name on PATH, or a path
  std::filesystem::path models;      ///< OLLAMA_MODELS, absolute: a mirror (MirrorModels)
  std::filesystem::path folder;      ///< its HOME, absolute and there; takes server.log too
  int port = 0;                      ///< on 127.0.0.1; 0: a free one, chosen at the first start
  std::vector<std::string> dropped;  ///< names of our variables that it is not to inherit
  std::chrono::milliseconds start_limit{60'000};
  std::chrono::milliseconds grace{5'000};  ///< between TERM and KILL
  DebugLog log = {};
};

/// An `ollama serve` of our own on this machine's loopback interface, started with one environment
/// after the other. It and its runners cannot outlive this object or this program
/// (BackgroundProcess), so no start meets a leftover of an earlier one; only after kill -9 of this
/// program they may need the grace to go, while nobody waits for them. Not thread-safe.
class PrivateServer {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  /// `stop` must outlive the object. Starts nothing.
  PrivateServer(PrivateServerOptions options, const StopRequest& stop);

  /// Stops the server where it runs, then starts it: with HOME, OLLAMA_HOST, OLLAMA_MODELS and
  /// OLLAMA_NOPRUNE=1 and OLLAMA_NO_CLOUD=1, which win over `environment`, with `environment`, and
  /// with what else this program's own environment holds but the dropped names. Returns once it
  /// answers /api/version.
  ///
  /// kServerUnavailable, with the end of its log, where it cannot be started, ends or does not
  /// answer within the limit, or where the port is taken; kInterrupted on a stop request. Nothing
  /// runs then.
  Expected<void, Failure> Start(const Environment& environment);
  /// Ends the server and its runners, and returns when all are gone. False where one is that even
  /// KILL did not end. Without a running server nothing.
  bool Stop();

  /// Whether it was started and has not ended since.
  [[nodiscard]] bool IsRunning();
  /// The same for all starts; port 0 before the first where none was given.
  [[nodiscard]] const ServerAddress& address() const { return address_; }
  /// Of the present start; -1 without one.
  [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : -1; }
  /// Of the last start: "0.11.4"; empty before one.
  [[nodiscard]] const std::string& version() const { return version_; }
  /// What it has logged since its last start, also after Stop().
  [[nodiscard]] std::string Log() const;
  /// ComputeDevices(Log()).
  [[nodiscard]] std::vector<ComputeDevice> Devices() const { return ComputeDevices(Log()); }

 private:
  [[nodiscard]] Expected<void, Failure> ClaimPort();
  [[nodiscard]] Expected<void, Failure> AwaitAnswer();
  [[nodiscard]] Environment EnvironmentOf(const Environment& added) const;
  [[nodiscard]] Failure Unavailable(const std::string& what) const;

  PrivateServerOptions options_;
  const StopRequest& stop_;
  ServerAddress address_;
  std::string version_;
  std::optional<BackgroundProcess> process_;
};

}  // namespace ollama_bench
