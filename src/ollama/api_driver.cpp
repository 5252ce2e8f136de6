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
  version_ = *version;
  ServerFacts facts;
  facts.ollama_version = std::move(*version);
  facts.is_local = api_.address().IsLoopback();
  facts.port = api_.address().port;
  for (const std::string& name : options_.models) {
    auto subject = FactsOf(name);
    if (!subject) return Unexpected<Failure>(subject.error());
    facts.subjects.push_back(std::move(*subject));
  }
  auto others = OtherModelsLoaded(api_, options_.models.front());
  if (!others) return Unexpected<Failure>(others.error());
  facts.other_models_loaded = std::move(*others);
  facts = FactsFor(facts, facts.subjects.front().subject);
  if (facts.subjects.size() == 1) facts.subjects.clear();
  return facts;
}

Expected<SubjectFacts, Failure> ApiDriver::FactsOf(const std::string& name) {
  const auto model = RequireModel(api_, name);
  if (!model) return Unexpected<Failure>(model.error());
  SubjectFacts facts;
  if (options_.models.size() > 1) facts.subject.Set(Parameter::kModel, ValueOfName(name));
  facts.ollama_version = version_;
  facts.model_digest = model->digest;
  if (const auto details = api_.Show(name)) {
    facts.trained_context = details->trained_context;
    facts.layers = details->layers;
    facts.has_vision = details->has_vision;
  }
  return facts;
}

std::string ApiDriver::Model() const {
  const bool is_named = cell_ && cell_->Sets(Parameter::kModel);
  return is_named ? std::string(NameOfValue((*cell_)[Parameter::kModel])) : options_.models.front();
}

// A runner with the same options, of an earlier process or an earlier visit, would stay loaded.
Expected<PreparedCell, Failure> ApiDriver::Prepare(const Cell& cell) {
  const bool may_linger = loaded_.MayLinger(cell);
  const bool is_other_model = cell_ && (*cell_)[Parameter::kModel] != cell[Parameter::kModel];
  if (is_other_model) Unload();
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
  auto answer = Generate(api_, request, stop_, options_.on_idle);
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
  request.model = Model();
  request.prompt = std::move(prompt);
  request.cell = cell_;
  request.num_predict = num_predict;
  request.timeout = options_.timeout;
  return request;
}

Expected<RunReport, Failure> ApiDriver::RunWindow(const WindowPlan& plan, PromptFeed& feed) {
  StreamClient client(api_.address(), api_.log());
  const auto make = [&](int num_predict) {
    return StreamRequestOf(RequestOf(feed.Next(), num_predict));
  };
  const auto start = clock_.Now();
  auto report = ollama_bench::RunWindow(plan, client, make, stop_, options_.on_idle);
  if (!report) return Unexpected<Failure>(report.error());
  return RunReport{report->metrics, clock_.Now() - start,        report->first_token,
                   report->window,  std::move(report->requests), report->measured_from};
}

Expected<void, Failure> ApiDriver::ForgetPrompt() {
  return ollama_bench::ForgetPrompt(api_, version_, Model(), cell_, stop_);
}

Expected<RunMetrics, Failure> ApiDriver::Decode(int tokens) {
  return GenerateTokens(api_, Model(), cell_, tokens, options_.timeout, stop_, options_.on_idle);
}

std::optional<LoadedModel> ApiDriver::Loaded() {
  return FindLoaded(api_, Model());
}

std::vector<std::string> ApiDriver::OtherModels() {
  return OtherModelsLoaded(api_, Model()).value_or(std::vector<std::string>());
}

Expected<void, Failure> ApiDriver::CleanUp() {
  if (!cell_) return {};
  return UnloadAndWait(api_, clock_, stop_, Model());
}

// A server that refuses the request does not run the next cell either, which then reports it.
void ApiDriver::Unload() {
  [[maybe_unused]] const auto done = UnloadAndWait(api_, clock_, stop_, Model());
}

}  // namespace ollama_bench
