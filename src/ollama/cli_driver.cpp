#include "ollama_bench/ollama/cli_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "cli_output.h"
#include "generate.h"
#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/server_check.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using End = ProcessOutcome::End;

constexpr milliseconds kVersionTimeout{10'000};
// Longer than any pause between two runs of a cell, whatever OLLAMA_KEEP_ALIVE says.
constexpr std::string_view kKeepAlive = "30m";

Unexpected<Failure> Fail(FailureKind kind, std::string message) {
  return Unexpected<Failure>(Failure{kind, std::move(message), {}, 1});
}

Failure WithStep(Failure failure, std::string_view step) {
  failure.message = fmt::format("{}: {}", step, failure.message);
  return failure;
}

// Size and time represent the content: hashing tens of gigabytes at every start would not.
std::string FingerprintOf(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  const auto changed = fs::last_write_time(file, error).time_since_epoch().count();
  return fmt::format("{} {} {}", file.string(), size, changed);
}

}  // namespace

CliDriver::CliDriver(CliDriverOptions options, CliDriverSeams seams)
    : options_(std::move(options)), seams_(seams) {}

fs::path CliDriver::WeightsFile() const {
  if (!options_.modelfile) return {};
  return ResolveModelfilePath(options_.modelfile->modelfile.from(), options_.modelfile->folder);
}

std::string CliDriver::BaseName() const {
  return options_.temporary_model + "-base";
}

std::vector<std::string> CliDriver::TemporaryModels() const {
  if (WeightsFile().empty()) return {options_.temporary_model};
  return {options_.temporary_model, BaseName()};
}

Expected<ServerFacts, Failure> CliDriver::Connect() {
  ServerFacts facts;
  facts.is_local = seams_.api.address().IsLoopback();
  facts.port = seams_.api.address().port;
  if (const auto program = CheckProgram(); !program) return Unexpected<Failure>(program.error());
  auto version = ReachServer(seams_.api);
  if (!version) return Unexpected<Failure>(version.error());
  version_ = *version;
  facts.ollama_version = std::move(*version);

  auto digest = FindBaseModel();
  if (!digest) return Unexpected<Failure>(digest.error());
  facts.model_digest = std::move(*digest);
  if (WeightsFile().empty()) {
    const std::string& base =
        options_.modelfile ? options_.modelfile->modelfile.from() : options_.base_model;
    const auto details = seams_.api.Show(base);
    if (details) {
      facts.trained_context = details->trained_context;
      facts.layers = details->layers;
      facts.has_vision = details->has_vision;
    }
  }
  auto others = OtherModelsLoaded(seams_.api, options_.temporary_model);
  if (!others) return Unexpected<Failure>(others.error());
  facts.other_models_loaded = std::move(*others);
  return facts;
}

// Also keeps the user from waiting for a first cell that no command can measure.
Expected<void, Failure> CliDriver::CheckProgram() {
  const ProcessOutcome outcome =
      seams_.runner.Run({{options_.program, "--version"}, {}, {}, kVersionTimeout}, seams_.stop);
  if (outcome.end == End::kNotStarted) {
    return Fail(FailureKind::kServerUnavailable,
                fmt::format("cannot start Ollama's command line ({}); install Ollama, or name the "
                            "program with --ollama PATH",
                            outcome.start_error));
  }
  if (outcome.end == End::kInterrupted) return Fail(FailureKind::kInterrupted, "stopped");
  return {};
}

Expected<std::string, Failure> CliDriver::FindBaseModel() {
  if (!options_.modelfile) {
    const auto base = RequireModel(seams_.api, options_.base_model);
    if (!base) return Unexpected<Failure>(base.error());
    return base->digest;
  }
  const auto& [modelfile, folder] = *options_.modelfile;
  const fs::path weights = WeightsFile();
  std::string origin;
  if (!weights.empty()) {
    origin = FingerprintOf(weights);
  } else if (!IsValidModelName(modelfile.from())) {
    return Fail(FailureKind::kBadModelfile,
                fmt::format("FROM {}: there is no such file in {}, and it is no model's name",
                            Printable(modelfile.from(), false), folder.string()));
  } else {
    const auto base = RequireModel(seams_.api, modelfile.from());
    if (!base) return Unexpected<Failure>(base.error());
    origin = base->digest;
  }
  return "sha256:" + Sha256Hex(modelfile.text() + '\n' + origin);
}

Expected<PreparedCell, Failure> CliDriver::Prepare(const Cell& cell) {
  // A runner with the same options, of an earlier process or an earlier visit, would stay loaded.
  const bool may_linger = loaded_.MayLinger(cell);
  const bool is_loaded = loaded_.Serves(cell) && Loaded();
  if (!is_loaded && may_linger) Unload();
  if (const auto imported = ImportWeights(); !imported) {
    return Unexpected<Failure>(imported.error());
  }
  Modelfile base;
  if (!options_.modelfile) {
    base = Modelfile::Parse(fmt::format("FROM {}\n", options_.base_model)).value();
  } else {
    base = options_.modelfile->modelfile.WithAbsoluteAdapters(options_.modelfile->folder);
    if (weights_imported_) base = base.WithFrom(BaseName());
  }
  const auto took = Create(options_.temporary_model, base.WithParameters(ParametersOf(cell)));
  if (!took) return Unexpected<Failure>(took.error());
  return PreparedCell{*took, is_loaded};
}

// Those that are not set stay as the model has them.
std::vector<std::pair<std::string, std::string>> CliDriver::ParametersOf(Cell cell) const {
  if (!cell.Sets(Parameter::kNumPredict)) cell.Set(Parameter::kNumPredict, options_.num_predict);
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const ParameterInfo& info : AllParameters()) {
    if (!info.is_option || !cell.Sets(info.parameter)) continue;
    parameters.emplace_back(info.key, FormatValue(info.parameter, cell[info.parameter]));
  }
  return parameters;
}

// `FROM ./file` hashes, and newer servers rewrite, the whole file at each create.
Expected<void, Failure> CliDriver::ImportWeights() {
  const fs::path weights = WeightsFile();
  if (weights_imported_ || weights.empty()) return {};
  const auto took = Create(BaseName(), fmt::format("FROM \"{}\"\n", weights.string()));
  if (!took) return Unexpected<Failure>(took.error());
  weights_imported_ = true;
  return {};
}

Expected<nanoseconds, Failure> CliDriver::Create(const std::string& model,
                                                 const std::string& modelfile) {
  const fs::path file = options_.scratch / "Modelfile";
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << modelfile;
  out.close();
  if (!out) {
    return Fail(FailureKind::kNoDiskSpace,
                fmt::format("cannot write {}; is the disk full?", file.string()));
  }
  if (const auto free = CheckNotAnothers(model); !free) return Unexpected<Failure>(free.error());
  // A create that fails here may succeed on the server all the same.
  created_[model].clear();
  const ProcessOutcome outcome = RunOllama({"create", model, "-f", file.string()}, {});
  if (const auto good = Classify(outcome, "ollama create"); !good) {
    return Unexpected<Failure>(good.error());
  }
  created_[model] = DigestOf(model);
  if (seams_.on_created) seams_.on_created(model, created_[model]);
  return outcome.wall;
}

// The model under a name that this driver made should be the one it made.
Expected<void, Failure> CliDriver::CheckNotAnothers(const std::string& model) {
  const std::string& known = created_[model];
  if (known.empty()) return {};
  const std::string present = DigestOf(model);
  if (present.empty() || present == known) return {};
  return Fail(
      FailureKind::kBadModelfile,
      fmt::format("the model '{}' was re-created by another program during the sweep, and is "
                  "not replaced; resume with another --model-name",
                  model));
}

// Empty where there is no such model, or the server does not report it.
std::string CliDriver::DigestOf(const std::string& model) {
  const auto models = seams_.api.Models();
  const ModelListing* listed = models ? FindModel(*models, model) : nullptr;
  return listed != nullptr ? listed->digest : std::string();
}

Expected<RunReport, Failure> CliDriver::Run(std::string_view prompt) {
  const ProcessOutcome outcome = RunOllama({"run", options_.temporary_model, "--verbose",
                                            "--nowordwrap", "--keepalive", std::string(kKeepAlive)},
                                           std::string(prompt));
  // Ending the client leaves the runner at work on the server.
  if (outcome.end == End::kTimedOut || outcome.end == End::kInterrupted) {
    loaded_.Forget();
    Unload();
  }
  if (const auto good = Classify(outcome, "ollama run"); !good) {
    return Unexpected<Failure>(good.error());
  }
  const RunMetrics metrics = ParseVerboseOutput(outcome.stderr_tail);
  if (!PromptEvalRate(metrics)) {
    Failure failure = FailureFromOutput(outcome.stderr_tail,
                                        "ollama run ended well but told no prompt eval duration");
    failure.kind = FailureKind::kNoMetrics;
    return Unexpected<Failure>(std::move(failure));
  }
  return RunReport{metrics, outcome.wall};
}

ProcessOutcome CliDriver::RunOllama(std::vector<std::string> arguments, std::string input) {
  arguments.insert(arguments.begin(), options_.program);
  return seams_.runner.Run({std::move(arguments),
                            {{"OLLAMA_HOST", seams_.api.address().Url()}},
                            std::move(input),
                            options_.timeout},
                           seams_.stop);
}

Expected<void, Failure> CliDriver::Classify(const ProcessOutcome& outcome,
                                            std::string_view step) const {
  switch (outcome.end) {
    case End::kExited:
      if (outcome.exit_code == 0) return {};
      return Unexpected<Failure>(WithStep(
          FailureFromOutput(outcome.stderr_tail, fmt::format("exit code {}", outcome.exit_code)),
          step));
    case End::kSignaled:
      return Fail(FailureKind::kUnknown,
                  fmt::format("{}: ended by signal {}", step, outcome.signal_number));
    case End::kTimedOut:
      return Unexpected<Failure>(
          Failure{FailureKind::kTimeout,
                  fmt::format("{}: not done after {}", step, FormatDuration(options_.timeout)),
                  FailureFromOutput(outcome.stderr_tail, {}).output_tail, 1});
    case End::kInterrupted:
      return Fail(FailureKind::kInterrupted, "stopped");
    case End::kNotStarted:
      return Fail(FailureKind::kServerUnavailable,
                  fmt::format("{}: {}", step, outcome.start_error));
  }
  return Fail(FailureKind::kUnknown, std::string(step));
}

// No options: those of the model itself are the ones that it is loaded with.
Expected<void, Failure> CliDriver::ForgetPrompt() {
  return ollama_bench::ForgetPrompt(seams_.api, version_, options_.temporary_model, std::nullopt,
                                    seams_.stop);
}

Expected<RunMetrics, Failure> CliDriver::Decode(int tokens) {
  return GenerateTokens(seams_.api.address(), options_.temporary_model, std::nullopt, tokens,
                        options_.timeout, seams_.stop);
}

std::optional<LoadedModel> CliDriver::Loaded() {
  return FindLoaded(seams_.api, options_.temporary_model);
}

std::vector<std::string> CliDriver::OtherModels() {
  return OtherModelsLoaded(seams_.api, options_.temporary_model)
      .value_or(std::vector<std::string>());
}

// A server that refuses the request does not run the next cell either, which then reports it.
void CliDriver::Unload() {
  [[maybe_unused]] const auto done =
      UnloadAndWait(seams_.api, seams_.clock, seams_.stop, options_.temporary_model);
}

Expected<void, Failure> CliDriver::CleanUp() {
  return UnloadAndWait(seams_.api, seams_.clock, seams_.stop, options_.temporary_model);
}

}  // namespace ollama_bench
