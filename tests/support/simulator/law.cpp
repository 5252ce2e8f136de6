#include "support/simulator/law.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>
#include <numbers>
#include <stdexcept>
#include <string_view>

#include "ollama_bench/core/random.h"

namespace ollama_bench::simulator {
namespace {

// Draws for different purposes must not be the same ones.
enum class Purpose : std::uint64_t { kJitter = 1, kLength, kNoise };

Random Draws(std::uint64_t seed, Purpose purpose, std::uint64_t number) {
  Random mixed(seed ^ (static_cast<std::uint64_t>(purpose) << 56U) ^ (number << 20U));
  return Random(mixed.Bits());
}

double LogNormal(double sigma, Random draws) {
  return std::exp(sigma * draws.Normal() - sigma * sigma / 2);
}

void RequireKnown(const Json& object, const std::string& where,
                  std::initializer_list<std::string_view> known) {
  if (!object.is_object()) throw std::invalid_argument(where + " is no object");
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      throw std::invalid_argument("unknown key '" + key + "' in " + where);
    }
  }
}

template <class T>
T NameIn(const std::map<std::string, T>& names, const Json& object) {
  const auto found = names.find(object.at("kind").get<std::string>());
  if (found == names.end()) throw std::invalid_argument("unknown kind: " + object.dump());
  return found->second;
}

Length LengthOf(const Json& json) {
  RequireKnown(json, "tokens", {"kind", "count", "mean", "low", "high"});
  using Kind = Length::Kind;
  Length length;
  length.kind = NameIn<Kind>({{"asked", Kind::kAsked},
                              {"fixed", Kind::kFixed},
                              {"geometric", Kind::kGeometric},
                              {"uniform", Kind::kUniform}},
                             json);
  if (length.kind == Kind::kFixed) length.low = length.high = json.at("count");
  if (length.kind == Kind::kGeometric) length.mean = json.at("mean");
  if (length.kind == Kind::kUniform) {
    length.low = json.at("low");
    length.high = json.at("high");
  }
  return length;
}

Fault FaultIn(const Json& json) {
  RequireKnown(json, "a fault", {"kind", "every", "after_tokens", "status", "message"});
  using Kind = Fault::Kind;
  Fault fault;
  fault.kind = NameIn<Kind>({{"error", Kind::kError},
                             {"no_done", Kind::kNoDone},
                             {"cut", Kind::kCut},
                             {"refuse", Kind::kRefuse}},
                            json);
  fault.every = json.value("every", fault.every);
  fault.after_tokens = json.value("after_tokens", fault.after_tokens);
  fault.status = json.value("status", fault.status);
  fault.message = json.value("message", "an error was encountered while running the model");
  if (fault.every < 1 || fault.after_tokens < 1) throw std::invalid_argument("a fault below 1");
  return fault;
}

Stall StallOf(const Json& json) {
  RequireKnown(json, "stall", {"at_s", "at_request", "for_s"});
  Stall stall;
  if (json.contains("at_s")) stall.at_s = json["at_s"].get<double>();
  if (json.contains("at_request")) stall.at_request = json["at_request"].get<std::int64_t>();
  stall.for_s = json.at("for_s");
  return stall;
}

void ReadSpeed(const Json& json, Law& law) {
  law.drift_per_s = json.value("drift_per_s", law.drift_per_s);
  if (const auto wave = json.find("wave"); wave != json.end()) {
    RequireKnown(*wave, "wave", {"amplitude", "period_s"});
    law.wave_amplitude = wave->at("amplitude");
    law.wave_period_s = wave->value("period_s", law.wave_period_s);
  }
  if (const auto noise = json.find("noise"); noise != json.end()) {
    RequireKnown(*noise, "noise", {"sigma", "block_s"});
    law.noise_sigma = noise->at("sigma");
    law.noise_block_s = noise->value("block_s", law.noise_block_s);
  }
}

void ReadTimes(const Json& json, Law& law) {
  law.overhead_s = json.value("overhead_s", law.overhead_s);
  law.load_s = json.value("load_s", law.load_s);
  if (const auto prefill = json.find("prefill_s"); prefill != json.end()) {
    RequireKnown(*prefill, "prefill_s", {"a", "b"});
    law.prefill_a_s = prefill->value("a", 0.0);
    law.prefill_b_s = prefill->value("b", 0.0);
  }
  law.cached_share = json.value("cached_share", law.cached_share);
  law.reports_cached = json.value("reports_cached", law.reports_cached);
  if (json.contains("step_s")) law.step_s = {json["step_s"].get<double>()};
  if (json.contains("step_s_by_active")) {
    law.step_s = json["step_s_by_active"].get<std::vector<double>>();
  }
  law.step_slope = json.value("step_slope", law.step_slope);
  law.jitter = json.value("jitter", law.jitter);
}

void ReadAnswer(const Json& json, Law& law) {
  if (json.contains("tokens")) law.length = LengthOf(json["tokens"]);
  law.default_tokens = json.value("default_tokens", law.default_tokens);
  law.tokens_per_chunk = json.value("tokens_per_chunk", law.tokens_per_chunk);
  law.thinking = json.value("thinking", law.thinking);
  law.empty_first_chunk = json.value("empty_first_chunk", law.empty_first_chunk);
  law.utf8_holdback = json.value("utf8_holdback", law.utf8_holdback);
  for (const Json& fault : json.value("faults", Json::array())) {
    law.faults.push_back(FaultIn(fault));
  }
}

Law LawOf(const Json& json) {
  RequireKnown(json, "the law",
               {"version",
                "model",
                "trained_context",
                "slots",
                "queue_limit",
                "overhead_s",
                "load_s",
                "prefill_s",
                "cached_share",
                "reports_cached",
                "step_s",
                "step_slope",
                "step_s_by_active",
                "jitter",
                "drift_per_s",
                "wave",
                "noise",
                "tokens",
                "default_tokens",
                "tokens_per_chunk",
                "thinking",
                "empty_first_chunk",
                "utf8_holdback",
                "faults",
                "stall",
                "seed"});
  Law law;
  law.version = json.value("version", law.version);
  law.model = json.value("model", law.model);
  law.trained_context = json.value("trained_context", law.trained_context);
  law.slots = json.value("slots", law.slots);
  law.queue_limit = json.value("queue_limit", law.queue_limit);
  law.seed = json.value("seed", law.seed);
  ReadTimes(json, law);
  ReadSpeed(json, law);
  ReadAnswer(json, law);
  if (json.contains("stall")) law.stall = StallOf(json["stall"]);
  if (law.slots < 1 || law.step_s.empty() || law.tokens_per_chunk < 1) {
    throw std::invalid_argument("slots, steps and tokens per chunk are at least 1");
  }
  return law;
}

}  // namespace

double Law::PrefillSeconds(std::int64_t tokens) const {
  return prefill_a_s + prefill_b_s * static_cast<double>(tokens);
}

double Law::StepSeconds(std::int64_t active) const {
  const auto index = std::clamp<std::size_t>(static_cast<std::size_t>(active), 1, step_s.size());
  return step_s[index - 1] * (1 + step_slope * static_cast<double>(active - 1));
}

double Law::Speed(double seconds) const {
  constexpr double kLeast = 0.05;
  double speed = 1 + drift_per_s * seconds;
  speed *= 1 + wave_amplitude * std::sin(2 * std::numbers::pi * seconds / wave_period_s);
  if (noise_sigma > 0) {
    const auto block = static_cast<std::uint64_t>(std::max(0.0, seconds / noise_block_s));
    speed *= LogNormal(noise_sigma, Draws(seed, Purpose::kNoise, block));
  }
  return std::max(kLeast, speed);
}

double Law::Jitter(std::uint64_t request) const {
  return jitter > 0 ? LogNormal(jitter, Draws(seed, Purpose::kJitter, request)) : 1;
}

std::int64_t Law::Tokens(std::uint64_t request, std::int64_t asked) const {
  if (length.kind == Length::Kind::kAsked) return asked > 0 ? asked : default_tokens;
  Random draws = Draws(seed, Purpose::kLength, request);
  std::int64_t tokens = length.low;
  if (length.kind == Length::Kind::kUniform) {
    tokens += static_cast<std::int64_t>(
        draws.Below(static_cast<std::size_t>(length.high - length.low + 1)));
  } else if (length.kind == Length::Kind::kGeometric && length.mean > 1) {
    tokens =
        1 + static_cast<std::int64_t>(std::log(draws.Uniform()) / std::log(1 - 1 / length.mean));
  }
  return asked > 0 ? std::min(tokens, asked) : tokens;
}

const Fault* Law::FaultOf(std::uint64_t request) const {
  for (const Fault& fault : faults) {
    if (request % static_cast<std::uint64_t>(fault.every) == 0) return &fault;
  }
  return nullptr;
}

Expected<Law, std::string> ParseLaw(const std::string& text) {
  try {
    return LawOf(Json::parse(text, nullptr, true, true));
  } catch (const std::exception& error) {
    return Unexpected<std::string>(std::string("law: ") + error.what());
  }
}

}  // namespace ollama_bench::simulator
