#include "ollama_bench/ollama/cli_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "cli_output.h"
#include "generate.h"
#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/client_proxy.h"
#include "ollama_bench/ollama/present_setting.h"
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
  if (fs::is_directory(file, error)) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(file, error)) {
      if (entry.is_regular_file(error)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::string all = file.string();
    for (const fs::path& one : files) all += "\n" + FingerprintOf(one);
    return all;
  }
  const auto size = fs::file_size(file, error);
  const auto changed = fs::last_write_time(file, error).time_since_epoch().count();
  return fmt::format("{} {} {}", file.string(), size, changed);
}

// A context that nobody chooses: shows that the model was made of our Modelfile, not of files that
// a program without sight of it found where it was started.
constexpr int kMarkedContext = 2049;

}  // namespace

CliDriver::CliDriver(CliDriverOptions options, CliDriverSeams seams)
    : options_(std::move(options)), seams_(seams), base_(options_.base_model) {}

bool CliDriver::HasWeights() const {
  return options_.modelfile && !options_.modelfile->weights.empty();
}

std::string CliDriver::BaseName() const {
  return options_.temporary_model + "-base";
}

std::vector<std::string> CliDriver::TemporaryModels() const {
  if (!HasWeights()) return {options_.temporary_model};
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
  if (!HasWeights()) {
    if (const auto details = seams_.api.Show(base_)) {
      facts.trained_context = details->trained_context;
      facts.layers = details->layers;
      facts.attaches_files = details->takes_files;
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
  std::string origin;
  if (HasWeights()) {
    for (const fs::path& file : options_.modelfile->weights) {
      origin += (origin.empty() ? "" : "\n") + FingerprintOf(file);
    }
  } else {
    const auto base = RequireModel(
        seams_.api, options_.modelfile ? options_.modelfile->base : options_.base_model);
    if (!base) return Unexpected<Failure>(base.error());
    base_ = base->name;
    if (!options_.modelfile) return base->digest;
    origin = base->digest;
  }
  for (const fs::path& file : options_.modelfile->others) origin += "\n" + FingerprintOf(file);
  return "sha256:" + Sha256Hex(options_.modelfile->modelfile.text() + '\n' + origin);
}

Expected<PreparedCell, Failure> CliDriver::Prepare(const Cell& cell) {
  // A runner with the same options, of an earlier process or an earlier visit, would stay loaded.
  const bool may_linger = loaded_.MayLinger(cell);
  const bool is_loaded = loaded_.Serves(cell) && Loaded();
  if (!is_loaded && may_linger) Unload();
  if (const auto imported = ImportWeights(); !imported) {
    return Unexpected<Failure>(imported.error());
  }
  const auto took =
      Create(options_.temporary_model, CellModelfile().WithParameters(ParametersOf(cell)));
  if (!took) return Unexpected<Failure>(took.error());
  return PreparedCell{*took, is_loaded};
}

// The server's own spelling of a name: with another FROM would look for a model to download.
Modelfile CliDriver::CellModelfile() const {
  const std::string& base = HasWeights() ? BaseName() : base_;
  if (options_.modelfile) return options_.modelfile->modelfile.WithFrom(base);
  return Modelfile::Parse(fmt::format("FROM {}\n", base)).value();
}

Expected<ModelDetails, Failure> CliDriver::CheckServerOfProgram() {
  if (const auto step = CheckModelsOfProgram(); !step) {
    return Unexpected<Failure>(step.error());
  }
  auto details = CheckTemporaryModel();
  if (details || details.error().kind == FailureKind::kInterrupted) return details;
  if (const std::string left = RemoveThroughProgram(); !left.empty()) {
    details.error().message += left;
  }
  return details;
}

// Nothing is made here: on another server a create would download the base model, or replace a
// model of the name that the user chose for ours.
Expected<void, Failure> CliDriver::CheckModelsOfProgram() {
  const auto models = seams_.api.Models();
  if (!models) return Unexpected<Failure>(models.error());
  const ModelListing* base = HasWeights() ? nullptr : FindModel(*models, base_);
  for (const std::string& name : TemporaryModels()) {
    const auto listed = ListThroughProgram(name);
    if (!listed) return Unexpected<Failure>(listed.error());
    if (!IsListed(*listed, name, {})) continue;
    return Unexpected<Failure>(OtherServer(
        fmt::format("it has no model {}, and `{} list` shows one", name, options_.program)));
  }
  if (base == nullptr) return {};
  const auto listed = ListThroughProgram(base->name);
  if (!listed) return Unexpected<Failure>(listed.error());
  if (IsListed(*listed, base->name, base->digest)) return {};
  return Unexpected<Failure>(
      OtherServer(fmt::format("it has {}, and `{} list` shows no such model, or another of that "
                              "name",
                              base->name, options_.program)));
}

// Those whose names begin with `name`.
Expected<std::vector<ListedModel>, Failure> CliDriver::ListThroughProgram(const std::string& name) {
  const ProcessOutcome listed = RunOllama({"list", name}, {});
  const auto good = Classify(listed, "ollama list");
  if (good) return ParseModelList(listed.stdout_tail);
  if (good.error().kind != FailureKind::kServerUnavailable) {
    return Unexpected<Failure>(good.error());
  }
  return Unexpected<Failure>(OtherServer(
      fmt::format("it answers ollama-bench, but not the program ({})", good.error().message)));
}

Expected<ModelDetails, Failure> CliDriver::CheckTemporaryModel() {
  const std::string& name = options_.temporary_model;
  auto made = ImportWeights();
  if (made) {
    const Cell marked = Cell().With(Parameter::kNumCtx, kMarkedContext);
    const auto took = Create(name, CellModelfile().WithParameters(ParametersOf(marked)));
    if (!took) made = Unexpected<Failure>(took.error());
  }
  if (!made) return Unexpected<Failure>(DescribeFailedCreate(std::move(made.error())));
  const auto models = seams_.api.Models();
  if (!models) return Unexpected<Failure>(models.error());
  if (FindModel(*models, name) == nullptr) {
    return Unexpected<Failure>(
        OtherServer("a model that was made through the program is not there"));
  }
  auto details = seams_.api.Show(name);
  if (!details) return details;
  const Cell shown = ReadParameters(SplitShownParameters(details->parameters));
  if (shown[Parameter::kNumCtx] != kMarkedContext) {
    return Unexpected<Failure>(DescribeFailedCreate(
        {FailureKind::kBadModelfile, "no Modelfile was found, and another model was made", {}, 1}));
  }
  const std::string& base = HasWeights() ? options_.modelfile->weights.front().string() : base_;
  if (auto step = CheckMeasurable(base, *details); !step) return Unexpected<Failure>(step.error());
  return details;
}

Failure CliDriver::DescribeFailedCreate(Failure failure) const {
  if (!SaysModelfileIsUnseen(failure.message)) return failure;
  failure.message =
      fmt::format("'{}' cannot see the temporary folder {} ({}): {}; {}", options_.program,
                  options_.scratch.string(), failure.message, kUnseenFolder, kUnseenFolderRemedy);
  return failure;
}

Failure CliDriver::OtherServer(std::string_view what) const {
  return {FailureKind::kModelMissing,
          fmt::format("'{}' reaches another server than ollama-bench, which asks {}: {}; {}",
                      options_.program, seams_.api.address().Url(), what, kOtherServerRemedy),
          {},
          1};
}

// What is left, as a clause for the end of a message; empty where nothing is. After a stop request
// nothing can be started: the caller removes what the API sees.
std::string CliDriver::RemoveThroughProgram() {
  std::string left;
  for (const auto& [name, digest] : created_) {
    const ProcessOutcome removed = RunOllama({"rm", name}, {});
    const auto good = Classify(removed, "ollama rm");
    // What a create did not make is not found.
    if (good || good.error().kind == FailureKind::kModelMissing) continue;
    left +=
        fmt::format("; {} may be left there: `{} rm {}` removes it", name, options_.program, name);
  }
  created_.clear();
  weights_imported_ = false;
  return left;
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
  if (weights_imported_ || !HasWeights()) return {};
  const auto took = Create(BaseName(), FromLines(options_.modelfile->weights));
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
  return seams_.runner.Run({std::move(arguments), ClientEnvironment(seams_.api.address()),
                            std::move(input), options_.timeout},
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
  return GenerateTokens(seams_.api, options_.temporary_model, std::nullopt, tokens,
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
