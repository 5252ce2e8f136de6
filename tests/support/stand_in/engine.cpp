#include "support/stand_in/engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "support/stand_in/server_setting.h"
#include "support/stand_in/tokens.h"

namespace ollama_bench::stand_in {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kDefaultContext = 4096;
constexpr std::int64_t kDefaultBatch = 512;
constexpr std::int64_t kDefaultPredict = 42;

// v0.11.4/run_other_prefix.stderr: "load duration" of a model that is loaded already.
constexpr nanoseconds kNoLoad{10'811'823};

nanoseconds Seconds(double seconds) {
  return nanoseconds(static_cast<std::int64_t>(std::llround(seconds * 1e9)));
}

// A number in (0, 1] from a counter.
double Uniform(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15U + index + 1;
  for (const int shift : {30, 27, 31}) x = (x ^ (x >> shift)) * 0xbf58476d1ce4e5b9U;
  return (static_cast<double>(x >> 11) + 1.0) / 9007199254740992.0;
}

std::vector<std::string> Pieces(const Json& act, std::int64_t count) {
  static constexpr std::array<const char*, 6> kWords = {"To",      " determine", " the",
                                                        " answer", " we",        " look"};
  if (act.contains("response")) return {act.at("response").get<std::string>()};
  std::vector<std::string> pieces;
  for (std::int64_t i = 0; i < count; ++i) {
    pieces.emplace_back(kWords[static_cast<std::size_t>(i) % kWords.size()]);
  }
  return pieces;
}

void Override(Metrics& metrics, const Json& act) {
  const auto time = [&act](const char* key, nanoseconds& value) {
    value = nanoseconds(act.value(key, static_cast<std::int64_t>(value.count())));
  };
  metrics.prompt_tokens = act.value("prompt_eval_count", metrics.prompt_tokens);
  metrics.cached_tokens = act.value("cached", metrics.cached_tokens);
  metrics.eval_tokens = act.value("eval_count", metrics.eval_tokens);
  time("prompt_eval_ns", metrics.prompt_eval);
  time("load_ns", metrics.load);
  time("eval_ns", metrics.eval);
  metrics.total = metrics.load + metrics.prompt_eval + metrics.eval;
  time("total_ns", metrics.total);
}

std::int64_t CutToContext(std::int64_t tokens, std::int64_t num_ctx, const Behaviour& behaviour) {
  if (tokens <= num_ctx) return tokens;
  return behaviour.halves_long_prompts() ? num_ctx / 2 + 2 : num_ctx;
}

}  // namespace

Parameters Merge(const Parameters& model, const Parameters& request) {
  Parameters merged = model;
  merged.insert(merged.end(), request.begin(), request.end());
  return merged;
}

Engine::Engine(const Script& script, const Models& models) {
  for (const Json& name : script.Get("loaded", Json::array())) {
    bool reloaded = false;
    if (const Model* model = models.Find(name)) Load(script, *model, {}, nullptr, reloaded);
  }
}

Runner& Engine::Load(const Script& script, const Model& model, const Parameters& options,
                     const Json& act, bool& reloaded) {
  const Behaviour behaviour(script.version());
  const Parameters merged = Merge(model.parameters, options);
  Runner wanted;
  wanted.model = model.name;
  wanted.digest = model.digest;
  wanted.weights = model.weights;
  wanted.requested_ctx = IntParameter(merged, "num_ctx").value_or(kDefaultContext);
  wanted.num_ctx = std::min(wanted.requested_ctx, model.trained_context);
  wanted.num_batch = IntParameter(merged, "num_batch").value_or(kDefaultBatch);
  if (behaviour.clamps_batch()) wanted.num_batch = std::min(wanted.num_batch, wanted.num_ctx);
  const ServerSetting setting = SettingFromEnvironment(script);
  wanted.size = model.size + wanted.num_ctx * setting.num_parallel * setting.CacheBytesPerToken();
  const double gpu = act.is_null() ? script.Get("gpu_share", 0.0)
                                   : act.value("gpu_share", script.Get("gpu_share", 0.0));
  wanted.size_vram = std::llround(static_cast<double>(wanted.size) * gpu);

  const auto running = std::find_if(runners_.begin(), runners_.end(), [&](const Runner& runner) {
    return runner.weights == model.weights;
  });
  reloaded = running == runners_.end() || running->polls_left ||
             running->requested_ctx != wanted.requested_ctx ||
             running->num_batch != wanted.num_batch;
  if (!reloaded) {
    running->size_vram = wanted.size_vram;
    return *running;
  }
  if (logs_) {
    std::fputs(LoadLog(script, setting, wanted.num_ctx, wanted.num_batch).c_str(), stderr);
  }
  if (running != runners_.end()) runners_.erase(running);
  runners_.push_back(wanted);
  return runners_.back();
}

double Engine::Noise(const Script& script) {
  const Json noise = script.Get("noise", Json::object());
  const auto seed = noise.value("seed", std::uint64_t{1});
  const double radius = std::sqrt(-2.0 * std::log(Uniform(seed, noise_draws_)));
  const double angle = 2.0 * std::numbers::pi * Uniform(seed, noise_draws_ + 1);
  noise_draws_ += 2;
  return 1.0 + noise.value("relative", 0.0) * radius * std::cos(angle);
}

Answer Engine::Run(const Script& script, const Model& model, const Prompt& prompt,
                   const Json& act) {
  const Behaviour behaviour(script.version());
  bool reloaded = false;
  Runner& runner = Load(script, model, prompt.options, act, reloaded);
  const ServerSetting setting = SettingFromEnvironment(script);
  if (!setting.refusal.empty()) {
    Drop(model);
    Answer refused;
    refused.error = "llama-server process has terminated: exit status 1: " + setting.refusal +
                    "\n" + setting.refusal;
    return refused;
  }
  const Json asked = act.is_null() ? Json::object() : act;
  const Parameters options = Merge(model.parameters, prompt.options);

  std::vector<std::uint64_t> words = Words(prompt.text);
  const std::int64_t tokens =
      static_cast<std::int64_t>(words.size()) + (prompt.raw ? 0 : kTemplateTokens);
  Answer answer;
  Metrics& metrics = answer.metrics;
  metrics.prompt_tokens = CutToContext(tokens, runner.num_ctx, behaviour);
  // Of an identical prompt the last token is evaluated again, of another the words it shares from
  // its start are not (run_same_prompt_again, run_wordwrap). The template's own head is left out
  // of this, so that a fresh prompt shows the script's rate exactly.
  const std::size_t shared = CommonPrefix(words, runner.last_prompt);
  metrics.cached_tokens =
      shared == words.size() && shared > 0
          ? metrics.prompt_tokens - 1
          : std::min(static_cast<std::int64_t>(shared), metrics.prompt_tokens - 1);
  runner.last_prompt = std::move(words);
  metrics.load = reloaded ? Seconds(script.Get("load_ms", 350.0) / 1e3) : kNoLoad;

  const double rate = asked.value("rate", script.Rate(runner.num_ctx, runner.num_batch)) *
                      SpeedFactor(script, setting, "rate") * Noise(script);
  metrics.cached_tokens = asked.value("cached", metrics.cached_tokens);
  metrics.prompt_eval =
      Seconds(static_cast<double>(metrics.prompt_tokens - metrics.cached_tokens) / rate);
  const std::int64_t predict = IntParameter(options, "num_predict").value_or(kDefaultPredict);
  metrics.eval_tokens = predict < 0 ? kDefaultPredict : predict;
  const double eval_rate = asked.value("eval_rate", script.Get("eval_rate", 50.0)) *
                           SpeedFactor(script, setting, "eval_rate");
  metrics.eval =
      metrics.eval_tokens == 1
          ? behaviour.single_token()
          : Seconds(static_cast<double>(std::max<std::int64_t>(0, metrics.eval_tokens - 1)) /
                    eval_rate);
  Override(metrics, asked);
  answer.pieces = Pieces(asked, metrics.eval_tokens);
  // The last line of the stream carries each token's id, about seven bytes, and the client's
  // buffer is limited: beyond it, exit 0 without metrics.
  constexpr std::int64_t kBytesPerId = 7;
  answer.metrics_lost =
      static_cast<std::size_t>(metrics.prompt_tokens * kBytesPerId) > behaviour.line_buffer();
  return answer;
}

void Engine::Unload(const Script& script, const Model& model) {
  for (Runner& runner : runners_) {
    if (runner.weights == model.weights && !runner.polls_left) {
      runner.polls_left = script.Get("unload_polls", std::int64_t{0});
    }
  }
  std::erase_if(runners_, [](const Runner& runner) { return runner.polls_left == 0; });
}

void Engine::Drop(const Model& model) {
  std::erase_if(runners_, [&](const Runner& r) { return r.weights == model.weights; });
}

std::vector<Runner> Engine::Poll() {
  std::vector<Runner> listed = runners_;
  for (Runner& runner : runners_) {
    if (runner.polls_left) --*runner.polls_left;
  }
  std::erase_if(runners_, [](const Runner& runner) { return runner.polls_left == 0; });
  return listed;
}

}  // namespace ollama_bench::stand_in
