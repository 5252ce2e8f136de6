#include "ollama_bench/ollama/api_driver.h"

#include <utility>

#include "generate.h"
#include "ollama_bench/ollama/server_check.h"
#include "ollama_bench/ollama/stream_client.h"

namespace ollama_bench {

ApiDriver::ApiDriver(ApiDriverOptions options, OllamaApi& api, Clock& clock,
                     const StopRequest& stop)
    : options_(std::move(options)), api_(api), clock_(clock), stop_(stop) {}

Expected<ServerFacts, Failure> ApiDriver::Connect() {
  auto version = ReachServer(api_);
  if (!version) return Unexpected<Failure>(version.error());
  const auto model = RequireModel(api_, options_.model);
  if (!model) return Unexpected<Failure>(model.error());
  auto others = OtherModelsLoaded(api_, options_.model);
  if (!others) return Unexpected<Failure>(others.error());
  ServerFacts facts;
  version_ = *version;
  facts.ollama_version = std::move(*version);
  facts.model_digest = model->digest;
  facts.other_models_loaded = std::move(*others);
  facts.is_local = api_.address().IsLoopback();
  facts.port = api_.address().port;
  if (const auto details = api_.Show(options_.model)) {
    facts.trained_context = details->trained_context;
    facts.layers = details->layers;
    facts.has_vision = details->has_vision;
  }
  return facts;
}

// A runner with the same options, of an earlier process or an earlier visit, would stay loaded.
Expected<PreparedCell, Failure> ApiDriver::Prepare(const Cell& cell) {
  const bool may_linger = loaded_.MayLinger(cell);
  cell_ = cell;
  if (loaded_.Serves(cell) && Loaded()) return PreparedCell{std::nullopt, true};
  if (may_linger) Unload();
  return PreparedCell{};
}

Expected<RunReport, Failure> ApiDriver::Run(std::string_view prompt) {
  const int num_predict =
      cell_->Sets(Parameter::kNumPredict) ? (*cell_)[Parameter::kNumPredict] : options_.num_predict;
  const GenerateRequest request = RequestOf(std::string(prompt), num_predict);
  const auto start = clock_.Now();
  auto answer = Generate(api_.address(), request, stop_, options_.on_idle);
  const auto wall = clock_.Now() - start;
  if (answer) return RunReport{answer->metrics, wall, answer->first_token};
  // Cutting the connection ends the run but leaves the model loaded.
  if (answer.error().kind == FailureKind::kTimeout ||
      answer.error().kind == FailureKind::kInterrupted) {
    loaded_.Forget();
    Unload();
  }
  return Unexpected<Failure>(answer.error());
}

GenerateRequest ApiDriver::RequestOf(std::string prompt, int num_predict) const {
  GenerateRequest request;
  request.model = options_.model;
  request.prompt = std::move(prompt);
  request.cell = cell_;
  request.num_predict = num_predict;
  request.timeout = options_.timeout;
  return request;
}

Expected<RunReport, Failure> ApiDriver::RunWindow(const WindowPlan& plan, PromptFeed& feed) {
  StreamClient client(api_.address());
  const auto make = [&](int num_predict) {
    return StreamRequestOf(RequestOf(feed.Next(), num_predict));
  };
  const auto start = clock_.Now();
  auto report = ollama_bench::RunWindow(plan, client, make, stop_, options_.on_idle);
  if (!report) return Unexpected<Failure>(report.error());
  return RunReport{report->metrics, clock_.Now() - start, report->first_token, report->window,
                   std::move(report->requests)};
}

Expected<void, Failure> ApiDriver::ForgetPrompt() {
  return ollama_bench::ForgetPrompt(api_, version_, options_.model, cell_, stop_);
}

Expected<RunMetrics, Failure> ApiDriver::Decode(int tokens) {
  return GenerateTokens(api_.address(), options_.model, cell_, tokens, options_.timeout, stop_,
                        options_.on_idle);
}

std::optional<LoadedModel> ApiDriver::Loaded() {
  return FindLoaded(api_, options_.model);
}

std::vector<std::string> ApiDriver::OtherModels() {
  return OtherModelsLoaded(api_, options_.model).value_or(std::vector<std::string>());
}

Expected<void, Failure> ApiDriver::CleanUp() {
  if (!cell_) return {};
  return UnloadAndWait(api_, clock_, stop_, options_.model);
}

// A server that refuses the request does not run the next cell either, which then reports it.
void ApiDriver::Unload() {
  [[maybe_unused]] const auto done = UnloadAndWait(api_, clock_, stop_, options_.model);
}

}  // namespace ollama_bench
