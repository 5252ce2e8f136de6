#include "driver_choice.h"

#include <fmt/format.h>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/process/find_program.h"
#include "server_choice.h"

namespace ollama_bench {
namespace {

// One that was asked for, or what fits.
Expected<DriverChoice, SessionError> Choose(const DriverWish& wish) {
  const DriverOptions& options = wish.options;
  std::string name = options.driver.empty() ? wish.stored_driver : options.driver;
  // Elsewhere no server of our own can be started.
  const bool needs_own = SetsServer(wish.config.space) && wish.server.IsLoopback();
  if (name == "private" || (name.empty() && needs_own && FindProgram(wish.program))) {
    return DriverChoice{DriverKind::kPrivate, false};
  }
  // `ollama run` sends one request at a time.
  const bool needs_api = wish.config.workload == WorkloadKind::kLoad || options.prefers_api;
  if (name.empty() && needs_api) name = "api";
  // A program that was named and is not there is an error, not a reason for the API.
  const bool is_named = wish.program != kUsualProgram;
  const bool has_several_models = wish.config.space.Find(Parameter::kModel) != nullptr;
  const bool takes_cli = !has_several_models && (is_named || FindProgram(wish.program));
  if (name == "cli" || (name != "api" && takes_cli)) return DriverChoice{DriverKind::kCli, false};
  // --ollama says where Ollama is, and may stand in a script that measures with both drivers.
  if (!options.temporary_model.empty()) {
    const bool is_of_file = options.driver.empty() && name == "api";
    return Fail(
        ExitCode::kUsage,
        fmt::format("--model-name has no effect with {}, which creates no model; leave it "
                    "out, or {}",
                    is_of_file ? "the driver of the results file, api" : "--driver api",
                    is_of_file ? "give another --results FILE" : "measure with --driver cli"));
  }
  return DriverChoice{DriverKind::kApi, name != "api" && !has_several_models};
}

Expected<void, SessionError> CheckPrivate(const DriverWish& wish) {
  if (!wish.config.modelfile.empty()) {
    return Fail(ExitCode::kUsage,
                "a server of its own creates no model, so it cannot measure a Modelfile; create a "
                "model of it (`ollama create`) and name that with --model");
  }
  if (!wish.options.temporary_model.empty()) {
    return Fail(ExitCode::kUsage,
                "--model-name has no effect on a server of its own, which creates no model; leave "
                "it out");
  }
  if (!wish.options.host.empty() && !wish.server.IsLoopback()) {
    return Fail(ExitCode::kUsage,
                fmt::format("a server of its own is started on this machine, and --host names "
                            "another, {}; measure that into other --results, or leave --host out",
                            wish.server.Url()));
  }
  for (const std::string& program : ProgramsOf(wish.config, wish.program)) {
    if (FindProgram(program)) continue;
    return Fail(
        ExitCode::kEnvironment,
        fmt::format("there is no program '{}' here; name Ollama's with --ollama PATH", program));
  }
  return {};
}

Expected<void, SessionError> CheckRunning(const DriverWish& wish, DriverKind kind) {
  if (!wish.options.models.empty()) {
    return Fail(ExitCode::kUsage,
                "--models has no effect on a server that runs already: it has a folder of its own");
  }
  const Space& space = wish.config.space;
  if (kind == DriverKind::kCli && space.Find(Parameter::kModel) != nullptr) {
    return Fail(
        ExitCode::kUsage,
        "the cli driver measures one model a sweep; several are measured with --driver api");
  }
  if (!SetsServer(space)) return {};
  const std::string why =
      !wish.server.IsLoopback()
          ? fmt::format("the server at {} is not on this machine", wish.server.Url())
      : !FindProgram(wish.program)
          ? fmt::format("there is no program '{}' here to start a server with", wish.program)
          : fmt::format("the driver {} measures a server that runs already",
                        kind == DriverKind::kCli ? "cli" : "api");
  if (auto one = CheckHasOneServer(space, why); !one) return one;
  return CheckServerIsAsSet(space, wish.server);
}

}  // namespace

Expected<DriverChoice, SessionError> ChooseDriver(const DriverWish& wish) {
  auto choice = Choose(wish);
  if (!choice) return choice;
  const auto fits =
      choice->kind == DriverKind::kPrivate ? CheckPrivate(wish) : CheckRunning(wish, choice->kind);
  if (!fits) return Unexpected<SessionError>(fits.error());
  return choice;
}

std::vector<std::string> ProgramsOf(const SweepConfig& config, const std::string& program) {
  const std::vector<int>& values = config.space.ValuesOf(Parameter::kOllama);
  if (values.empty()) return {program};
  std::vector<std::string> programs;
  for (const int value : values) programs.emplace_back(NameOfValue(value));
  return programs;
}

std::vector<std::string> ModelsOf(const SweepConfig& config) {
  const std::vector<int>& values = config.space.ValuesOf(Parameter::kModel);
  if (values.empty()) return {config.model};
  std::vector<std::string> models;
  for (const int value : values) models.emplace_back(NameOfValue(value));
  return models;
}

}  // namespace ollama_bench
