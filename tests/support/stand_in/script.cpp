#include "support/stand_in/script.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>

namespace ollama_bench::stand_in {
namespace {

using Keys = std::initializer_list<std::string_view>;

std::string UnknownKey(const Json& object, const char* where, Keys known) {
  if (!object.is_object()) return std::string(where) + " is no object";
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return "unknown key '" + key + "' in " + where;
    }
  }
  return "";
}

std::string CheckRule(const Json& rule) {
  std::string error = UnknownKey(rule, "a rule", {"when", "do"});
  if (!error.empty()) return error;
  error = UnknownKey(rule.value("when", Json::object()), "when",
                     {"command", "path", "model", "num_ctx", "num_batch", "nth", "after"});
  if (!error.empty()) return error;
  return UnknownKey(rule.value("do", Json::object()), "do",
                    {"kill_server",
                     "exit_server",
                     "unload",
                     "grandchild",
                     "ignore_term",
                     "stop_self",
                     "sleep_ms",
                     "compute_ms",
                     "flood",
                     "binary",
                     "signal",
                     "hang",
                     "rate",
                     "eval_rate",
                     "response",
                     "gpu_share",
                     "prompt_eval_count",
                     "cached",
                     "prompt_eval_ns",
                     "load_ns",
                     "total_ns",
                     "eval_count",
                     "eval_ns",
                     "no_metrics",
                     "exit",
                     "error",
                     "stdout",
                     "stderr",
                     "transcript",
                     "http_status",
                     "body"});
}

std::string Check(const Json& json) {
  std::string error =
      UnknownKey(json, "the script",
                 {"version", "models", "loaded", "rate", "rates", "surface", "noise", "eval_rate",
                  "load_ms", "gpu_share", "speeds", "unload_polls", "prefix", "rules"});
  for (const Json& rule : json.is_object() ? json.value("rules", Json::array()) : Json::array()) {
    if (error.empty()) error = CheckRule(rule);
  }
  for (const Json& speed : json.is_object() ? json.value("speeds", Json::array()) : Json::array()) {
    if (!error.empty()) break;
    error = UnknownKey(
        speed, "a speed",
        {"flash_attention", "kv_cache_type", "num_parallel", "environment", "rate", "eval_rate"});
  }
  return error;
}

// Whether `when` asks nothing of `key`, or just `value`.
template <class T>
bool Fits(const Json& when, const char* key, const T& value) {
  const auto wanted = when.find(key);
  return wanted == when.end() || *wanted == Json(value);
}

bool Fits(const Json& when, const char* key, const std::optional<std::int64_t>& value) {
  return value ? Fits(when, key, *value) : !when.contains(key);
}

bool Fits(const Json& when, const Call& call) {
  return Fits(when, "command", call.command) && Fits(when, "path", call.path) &&
         Fits(when, "model", call.model) && Fits(when, "num_ctx", call.num_ctx) &&
         Fits(when, "num_batch", call.num_batch);
}

}  // namespace

Expected<Script, std::string> Script::Parse(std::string_view text) {
  Json json = Json::parse(text, nullptr, false, true);
  if (json.is_discarded()) return Unexpected<std::string>("stand-in script: no JSON");
  const std::string error = Check(json);
  if (!error.empty()) return Unexpected<std::string>("stand-in script: " + error);
  return Script(std::move(json));
}

Expected<Script, std::string> Script::Load(const std::string& path) {
  if (path.empty()) return Parse("{}");
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unexpected<std::string>("stand-in script: cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return Parse(text);
}

Json Script::Find(const Call& call, std::vector<std::int64_t>& counts) const {
  const auto rules = json_.find("rules");
  if (rules == json_.end()) return nullptr;
  counts.resize(std::max(counts.size(), rules->size()));
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const Json when = (*rules)[i].value("when", Json::object());
    if (!Fits(when, call)) continue;
    const std::int64_t count = ++counts[i];
    if (!Fits(when, "nth", count)) continue;
    if (count <= when.value("after", std::int64_t{0})) continue;
    return (*rules)[i].value("do", Json::object());
  }
  return nullptr;
}

std::string Script::version() const {
  const char* version = std::getenv("OLLAMA_STAND_IN_VERSION");
  return version == nullptr ? Get<std::string>("version", "0.11.4") : version;
}

double Script::Rate(std::int64_t num_ctx, std::int64_t num_batch) const {
  const auto rates = json_.find("rates");
  if (rates != json_.end()) {
    for (const Json& entry : *rates) {
      if (Fits(entry, "num_ctx", num_ctx) && Fits(entry, "num_batch", num_batch)) {
        return entry.at("rate").get<double>();
      }
    }
  }
  const auto surface = json_.find("surface");
  if (surface == json_.end()) return Get("rate", 300.0);
  const auto distance = [&](const char* key, const char* width, std::int64_t value) {
    const double doublings = std::log2(static_cast<double>(value) / surface->at(key).get<double>());
    return std::pow(doublings / surface->value(width, 2.0), 2);
  };
  return surface->at("peak").get<double>() / (1.0 + distance("num_ctx", "ctx_width", num_ctx) +
                                              distance("num_batch", "batch_width", num_batch));
}

}  // namespace ollama_bench::stand_in
