#include "ollama_bench/ollama/private_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "ollama_bench/core/server_variable.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/ollama/server_log.h"
#include "ollama_bench/ollama/server_settings.h"
#include "ollama_bench/ollama/version_facts.h"

namespace ollama_bench {
namespace {

Unexpected<Failure> Refuse(std::string message) {
  return Unexpected<Failure>(Failure{FailureKind::kCannotLoad, std::move(message), {}, 1});
}

// By the devices that it was found to compute on.
std::string VariableOfGpus(const std::vector<ComputeDevice>& devices) {
  for (const ComputeDevice& device : devices) {
    if (device.library.starts_with("rocm")) return "ROCR_VISIBLE_DEVICES";
    if (device.library.starts_with("vulkan")) return "GGML_VK_VISIBLE_DEVICES";
  }
  return std::string(Describe(Parameter::kGpus).variable);
}

bool IsGpu(const ComputeDevice& device) {
  return device.library != "cpu";
}

Cell ReportedBy(const RunnerSetting& runner) {
  Cell cell;
  if (runner.flash_attention) cell.Set(Parameter::kFlashAttention, *runner.flash_attention ? 1 : 0);
  if (runner.num_parallel) cell.Set(Parameter::kNumParallel, *runner.num_parallel);
  const auto type = runner.kv_cache_type
                        ? ParseValue(Parameter::kKvCacheType, *runner.kv_cache_type)
                        : std::nullopt;
  if (type) cell.Set(Parameter::kKvCacheType, *type);
  return cell;
}

}  // namespace

PrivateDriver::PrivateDriver(PrivateDriverOptions options, Clock& clock, const StopRequest& stop)
    : options_(std::move(options)), clock_(clock), stop_(stop) {
  for (const std::string& path : options_.programs) programs_.push_back({path, {}, {}, {}});
}

PrivateDriver::~PrivateDriver() = default;

PrivateDriver::Program& PrivateDriver::ProgramOf(const Cell& cell) {
  return *std::find_if(programs_.begin(), programs_.end(), [&cell](const Program& program) {
    return !cell.Sets(Parameter::kOllama) || program.path == NameOfValue(cell[Parameter::kOllama]);
  });
}

// The first one chooses a port for all.
PrivateServer& PrivateDriver::ServerOfProgram(Program& program) {
  if (program.server) return *program.server;
  PrivateServerOptions server;
  server.program = program.path;
  server.models = options_.models;
  server.folder = options_.folder;
  if (api_) server.port = api_->address().port;
  server.log = options_.log;
  // Whatever this program's own environment has: auto is the server's own choice.
  for (const Parameter parameter : options_.varied) {
    server.dropped.emplace_back(Describe(parameter).variable);
  }
  return program.server.emplace(std::move(server), stop_);
}

Expected<void, Failure> PrivateDriver::Serve(const Cell& cell) {
  const Cell wanted = ServerOf(cell);
  if (running_ != nullptr && wanted == server_ && running_->server->IsRunning()) return {};
  if (running_ != nullptr) running_->server->Stop();
  running_ = &ProgramOf(cell);
  server_ = wanted;
  PrivateServer& server = ServerOfProgram(*running_);
  if (auto started = Start(server); !started) return started;
  if (!api_) api_.emplace(server.address(), stop_, options_.log);
  if (!running_->driver) running_->driver.emplace(options_.api, *api_, clock_, stop_);
  if (auto same = CheckVersion(server); !same) return same;
  return CheckDevices(cell);
}

PrivateServer::Environment PrivateDriver::EnvironmentOf(
    const Cell& cell, const std::vector<ComputeDevice>& devices) const {
  PrivateServer::Environment environment;
  for (const auto& variable : options_.environment) {
    const bool is_varied = std::any_of(options_.varied.begin(), options_.varied.end(),
                                       [&variable](Parameter parameter) {
                                         return Describe(parameter).variable == variable.first;
                                       });
    if (!is_varied) environment.push_back(variable);
  }
  for (const Parameter parameter : options_.varied) {
    if (!cell.Sets(parameter)) continue;
    const bool are_gpus = parameter == Parameter::kGpus;
    environment.emplace_back(
        are_gpus ? VariableOfGpus(devices) : std::string(Describe(parameter).variable),
        VariableText(parameter, cell[parameter]));
    // Numbers as nvidia-smi has them.
    if (are_gpus) environment.emplace_back("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
  }
  return environment;
}

// Which variable chooses GPUs depends on what kind they are, which the first start shows.
Expected<void, Failure> PrivateDriver::Start(PrivateServer& server) {
  const auto environment = EnvironmentOf(server_, server.Devices());
  auto started = server.Start(environment);
  const auto better = EnvironmentOf(server_, server.Devices());
  return started && better != environment ? server.Start(better) : started;
}

// Somebody may replace a program while it is measured.
Expected<void, Failure> PrivateDriver::CheckVersion(const PrivateServer& server) {
  if (running_->version.empty()) running_->version = server.version();
  if (running_->version == server.version()) return {};
  return Unexpected<Failure>(
      Failure{FailureKind::kModelMissing,
              fmt::format("{} is Ollama {} now, the sweep was made with {}", running_->path,
                          server.version(), running_->version),
              {},
              1});
}

Expected<void, Failure> PrivateDriver::CheckDevices(const Cell& cell) {
  if (!cell.Sets(Parameter::kGpus)) return {};
  const std::vector<ComputeDevice> devices = running_->server->Devices();
  const auto seen = std::count_if(devices.begin(), devices.end(), IsGpu);
  const int wanted = std::popcount(static_cast<unsigned>(cell[Parameter::kGpus]));
  if (devices.empty() || seen == wanted) return {};
  return Refuse(fmt::format("gpus {} was asked for, and the server finds {} of them",
                            FormatValue(Parameter::kGpus, cell[Parameter::kGpus]),
                            seen == 0 ? "none" : std::to_string(seen)));
}

bool PrivateDriver::LacksFlashAttention(const std::string& version) const {
  const auto release = ParseOllamaVersion(version);
  if (!release || !RulesOfVersion(*release).needs_gpu_for_flash_attention) return false;
  const std::vector<ComputeDevice> devices = running_->server->Devices();
  return std::any_of(devices.begin(), devices.end(),
                     [](const ComputeDevice& device) { return !IsGpu(device); });
}

Expected<ServerFacts, Failure> PrivateDriver::FactsOf(const std::string& program) {
  Cell cell = options_.first;
  if (cell.Sets(Parameter::kOllama)) cell.Set(Parameter::kOllama, ValueOfName(program));
  if (auto served = Serve(cell); !served) return Unexpected<Failure>(served.error());
  auto facts = running_->driver->Connect();
  if (!facts) return facts;
  facts->lacks_flash_attention = LacksFlashAttention(facts->ollama_version);
  for (SubjectFacts& subject : facts->subjects) {
    subject.lacks_flash_attention = facts->lacks_flash_attention;
  }
  const bool is_one_of_several = cell.Sets(Parameter::kOllama);
  if (!is_one_of_several) return facts;
  if (facts->subjects.empty()) {
    facts->subjects.push_back({Cell(), facts->ollama_version, facts->model_digest,
                               facts->trained_context, facts->layers, facts->has_vision,
                               facts->lacks_flash_attention});
  }
  for (SubjectFacts& subject : facts->subjects) {
    subject.subject.Set(Parameter::kOllama, cell[Parameter::kOllama]);
  }
  return facts;
}

// The last server to be started is the one that the first cell needs.
Expected<ServerFacts, Failure> PrivateDriver::Connect() {
  if (facts_) {
    auto served = Serve(server_);
    if (!served) return Unexpected<Failure>(served.error());
    return *facts_;
  }
  std::vector<SubjectFacts> subjects;
  std::optional<ServerFacts> first;
  for (auto program = programs_.rbegin(); program != programs_.rend(); ++program) {
    auto facts = FactsOf(program->path);
    if (!facts) return facts;
    subjects.insert(subjects.begin(), facts->subjects.begin(), facts->subjects.end());
    first = std::move(*facts);
  }
  first->subjects = std::move(subjects);
  first->other_models_loaded = options_.others();
  facts_ = std::move(first);
  return *facts_;
}

Expected<PreparedCell, Failure> PrivateDriver::Prepare(const Cell& cell) {
  const auto release = ParseOllamaVersion(FactsFor(*facts_, cell).ollama_version);
  const bool is_quantised = cell.Sets(Parameter::kKvCacheType) &&
                            cell[Parameter::kKvCacheType] != static_cast<int>(KvCacheType::kF16);
  if (release && RulesOfVersion(*release).refuses_kv_type && is_quantised &&
      cell[Parameter::kFlashAttention] == 0) {
    return Refuse(fmt::format("kv_cache_type {} needs flash attention, which is off",
                              FormatValue(Parameter::kKvCacheType, cell[Parameter::kKvCacheType])));
  }
  if (auto served = Serve(cell); !served) return Unexpected<Failure>(served.error());
  return running_->driver->Prepare(cell);
}

Expected<RunReport, Failure> PrivateDriver::Run(std::string_view prompt) {
  return running_->driver->Run(prompt);
}

Expected<RunReport, Failure> PrivateDriver::RunWindow(const WindowPlan& plan, PromptFeed& feed) {
  return running_->driver->RunWindow(plan, feed);
}

Expected<void, Failure> PrivateDriver::ForgetPrompt() {
  return running_->driver->ForgetPrompt();
}

Expected<RunMetrics, Failure> PrivateDriver::Decode(int tokens) {
  return running_->driver->Decode(tokens);
}

std::optional<LoadedModel> PrivateDriver::Loaded() {
  auto loaded = running_->driver->Loaded();
  const auto runner = loaded ? LastRunner(running_->server->Log()) : std::nullopt;
  if (runner) loaded->server = ReportedBy(*runner);
  return loaded;
}

std::vector<std::string> PrivateDriver::OtherModels() {
  return options_.others();
}

Expected<void, Failure> PrivateDriver::CleanUp() {
  if (running_ != nullptr) running_->server->Stop();
  return {};
}

}  // namespace ollama_bench
