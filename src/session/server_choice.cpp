#include "server_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ollama_bench/core/server_variable.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/machine/process_times.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/ollama/server_settings.h"

namespace ollama_bench {
namespace {

std::string VariableLine(const ParameterInfo& info, int value) {
  if (value == kAutoValue) return fmt::format("without {}", info.variable);
  return fmt::format("with {}={}", info.variable, VariableText(info.parameter, value));
}

std::string StartsByHand(const Axis& axis) {
  const ParameterInfo& info = Describe(axis.parameter);
  std::string text;
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    text += fmt::format("\n  start the server {}, then the same command with {} {}",
                        VariableLine(info, axis.values[i]), info.flag, LabelOf(axis, i));
  }
  return text;
}

}  // namespace

bool SetsServer(const Space& space) {
  return std::any_of(space.axes.begin(), space.axes.end(), [](const Axis& axis) {
    return Describe(axis.parameter).scope == Scope::kServer || axis.parameter == Parameter::kOllama;
  });
}

Expected<void, SessionError> CheckHasOneServer(const Space& space, const std::string& why) {
  for (const Axis& axis : space.axes) {
    const bool is_of_server = Describe(axis.parameter).scope == Scope::kServer;
    if (axis.parameter == Parameter::kOllama) {
      return Fail(ExitCode::kUsage,
                  fmt::format("{}, so it cannot run one program after the other; measure each into "
                              "a results file of its own, then: ollama-bench compare A.json B.json",
                              why));
    }
    if (!is_of_server || axis.values.size() == 1) continue;
    return Fail(ExitCode::kUsage,
                fmt::format("{}, so {} cannot be varied. By hand, into one results file:{}", why,
                            KeyOf(axis.parameter), StartsByHand(axis)));
  }
  return {};
}

Expected<void, SessionError> CheckServerIsAsSet(const Space& space, const ServerAddress& address) {
  const auto process = address.IsLoopback() ? FindServerProcess(address.port)
                                            : Unexpected<std::string>(std::string());
  if (!process) return {};
  for (const Axis& axis : space.axes) {
    const ParameterInfo& info = Describe(axis.parameter);
    if (info.scope != Scope::kServer || axis.values.front() == kAutoValue) continue;
    const auto value = ReadVariableOf(process->pid, info.variable);
    if (!value) return {};
    if (ReadVariableText(axis.parameter, *value) == axis.values.front()) continue;
    const std::string wanted = VariableText(axis.parameter, axis.values.front());
    return Fail(ExitCode::kUsage,
                fmt::format("the server at {} runs with {}, not with {}={}; start it so, or leave "
                            "out --driver, and a server of its own is measured",
                            address.Url(),
                            value->empty() ? fmt::format("no {}", info.variable)
                                           : fmt::format("{}={}", info.variable, *value),
                            info.variable, wanted));
  }
  return {};
}

std::vector<std::string> ModelsOfOtherServers(int own_port, const ServerAddress& usual) {
  const std::vector<int> seen = FindServerPorts();
  std::set<int> ports(seen.begin(), seen.end());
  if (usual.IsLoopback()) ports.insert(usual.port);
  ports.erase(own_port);
  std::vector<std::string> models;
  for (const int port : ports) {
    ServerAddress address;
    address.port = port;
    const StopRequest not_stopped;
    OllamaApi api(usual.IsLoopback() && port == usual.port ? usual : address, not_stopped);
    const auto running = api.Running();
    if (!running) continue;
    for (const RunningModel& model : *running) {
      models.push_back(fmt::format("{} (at {})", model.name, api.address().Url()));
    }
  }
  return models;
}

}  // namespace ollama_bench
