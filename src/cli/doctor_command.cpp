#include "command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "doctor.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/process/posix_process_runner.h"
#include "ollama_bench/session/leftovers.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/session_driver.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

struct DoctorOptions {
  fs::path results = "benchmark_results.json";
  std::string host;
  std::string ollama = "ollama";
  bool fix = false;
  bool json = false;
};

// The owner of the lock is the owner of the models. Returns the names of those that were removed.
Expected<std::vector<std::string>, SessionError> RemoveModels(const DoctorSubject& subject) {
  SystemClock clock;
  const auto lock = LockStore(subject.results, clock);
  if (!lock) return Unexpected<SessionError>(ToSessionError(lock.error()));
  PosixFileSystem file_system;
  auto store = ResultsStore::Load(file_system, subject.results);
  if (!store) return Unexpected<SessionError>(ToSessionError(store.error()));
  Metadata metadata = store->metadata();
  ClearedModels cleared = ClearModels(metadata.temporary_models, metadata.store_id, subject.api);
  if (!cleared.left.empty()) return Fail(ExitCode::kEnvironment, cleared.reason);
  metadata.temporary_models = std::move(cleared.kept);
  store->SetMetadata(std::move(metadata));
  const auto saved = store->Commit();
  if (!saved) return Unexpected<SessionError>(ToSessionError(saved.error()));
  return std::move(cleared.removed);
}

Expected<std::vector<std::string>, SessionError> Fix(const DoctorSubject& subject) {
  std::vector<std::string> removed;
  const Leftovers left = FindLeftovers(subject);
  if (!left.models.empty()) {
    auto models = RemoveModels(subject);
    if (!models) return Unexpected<SessionError>(models.error());
    removed = std::move(*models);
  }
  for (const fs::path& folder : left.folders) {
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) {
      return Fail(ExitCode::kEnvironment,
                  fmt::format("cannot remove {}: {}", folder.string(), error.message()));
    }
    removed.push_back(folder.string());
  }
  return removed;
}

Expected<ExitCode, SessionError> Diagnose(const DoctorOptions& options, const StopRequest& stop) {
  const auto address = FindServer(options.host);
  if (!address) return Unexpected<SessionError>(address.error());
  OllamaApi api(*address, stop);
  PosixProcessRunner runner;
  const DoctorSubject subject{options.ollama, options.results, api, runner, stop};
  std::vector<std::string> fixed;
  if (options.fix) {
    auto done = Fix(subject);
    if (!done) return Unexpected<SessionError>(done.error());
    fixed = std::move(*done);
  }
  const std::vector<Finding> findings = Examine(subject);
  if (options.json) {
    Print(stdout, "{}\n", FindingsJson(findings, fixed));
  } else {
    for (const std::string& name : fixed) Print(stdout, "removed {}\n", name);
    Print(stdout, "{}", FindingsText(findings, StyleOf(STDOUT_FILENO)));
  }
  return AnyProblem(findings) ? ExitCode::kEnvironment : ExitCode::kDone;
}

int RunDoctor(const DoctorOptions& options, const StopRequest& stop) {
  const auto code = Diagnose(options, stop);
  if (code) return static_cast<int>(*code);
  PrintError(code.error().message);
  return static_cast<int>(code.error().code);
}

}  // namespace

void AddDoctorCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<DoctorOptions>();
  CLI::App* doctor = app.add_subcommand("doctor", "Find what would stop or spoil a sweep");
  doctor->footer("Exit code 3 where a sweep could not run, else 0. Without --fix nothing changes.");
  doctor
      ->add_option("RESULTS", options->results,
                   "Results whose leftovers on the server are looked for")
      ->capture_default_str();
  doctor->add_option("--host", options->host, "Server [OLLAMA_HOST, else 127.0.0.1:11434]")
      ->type_name("HOST:PORT");
  doctor->add_option("--ollama", options->ollama, "Ollama's program")
      ->type_name("PATH")
      ->capture_default_str();
  doctor->add_flag("--fix", options->fix,
                   "Remove what earlier runs of RESULTS left behind, and abandoned folders");
  doctor->add_flag("--json", options->json, "Report for programs instead of people");
  doctor->callback([options, &action, &stop] {
    action = [options, &stop] { return RunDoctor(*options, stop); };
  });
}

}  // namespace ollama_bench
