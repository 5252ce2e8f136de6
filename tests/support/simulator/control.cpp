#include "support/simulator/control.h"

#include <charconv>

namespace ollama_bench::simulator {
namespace {

constexpr const char* kTime = "2026-11-21T07:14:49.008674714Z";
constexpr std::int64_t kSize = 98'363'007;
const std::string kDigest(64, '5');

Answer Whole(const Json& json) {
  return {200, json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Json Details() {
  return {{"parent_model", ""},          {"format", "gguf"},
          {"family", "llama"},           {"families", {"llama"}},
          {"parameter_size", "134.52M"}, {"quantization_level", "Q4_1"}};
}

Json Listing(const Law& law) {
  return {{"name", law.model},
          {"model", law.model},
          {"size", kSize},
          {"digest", kDigest},
          {"details", Details()}};
}

Answer Tags(const Law& law) {
  Json model = Listing(law);
  model["modified_at"] = kTime;
  return Whole({{"models", Json::array({model})}});
}

// Of the options of loading "num_ctx=4096 num_batch=512 ".
std::int64_t ContextOf(const std::string& runner) {
  constexpr std::string_view kKey = "num_ctx=";
  std::int64_t context = 4096;
  const auto at = runner.find(kKey);
  if (at == std::string::npos) return context;
  const char* begin = runner.data() + at + kKey.size();
  std::from_chars(begin, runner.data() + runner.size(), context);
  return context;
}

Answer Loaded(const Engine& engine) {
  Json models = Json::array();
  if (engine.loaded()) {
    models.push_back(Listing(engine.law()));
    models.back()["expires_at"] = kTime;
    models.back()["size_vram"] = 0;
    models.back()["context_length"] = ContextOf(*engine.loaded());
  }
  return Whole({{"models", models}});
}

Answer Show(const Law& law) {
  return Whole({{"modelfile", "FROM " + law.model + "\n"},
                {"parameters", ""},
                {"template", "{{ .Prompt }}"},
                {"details", Details()},
                {"model_info",
                 {{"general.architecture", "llama"},
                  {"general.parameter_count", 134'515'008},
                  {"llama.block_count", 30},
                  {"llama.context_length", law.trained_context},
                  {"llama.embedding_length", 576},
                  {"llama.attention.head_count", 9},
                  {"llama.attention.head_count_kv", 3}}},
                {"capabilities", {"completion"}},
                {"modified_at", kTime}});
}

}  // namespace

bool HasModel(const Law& law, const std::string& name) {
  return name == law.model || name + ":latest" == law.model;
}

Answer NoSuchModel(const std::string& name) {
  return {404, Json({{"error", "model '" + name + "' not found"}})
                   .dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Answer AnswerControl(Engine& engine, std::string_view method, std::string_view path,
                     const Json& body) {
  const Law& law = engine.law();
  if (path == "/api/version") return Whole({{"version", law.version}});
  if (path == "/api/tags") return Tags(law);
  if (path == "/api/ps") return Loaded(engine);
  if (path == "/v1/models") {
    return Whole(
        {{"object", "list"}, {"data", Json::array({{{"id", law.model}, {"object", "model"}}})}});
  }
  if (path == "/" || path == "/health") return Whole({{"status", "Ollama is running"}});
  const bool is_show = method == "POST" && path == "/api/show";
  const bool is_delete = method == "DELETE" && path == "/api/delete";
  if (!is_show && !is_delete) return {404, R"({"error":"404 page not found"})"};
  const Json name = body.value("model", Json(""));
  if (!name.is_string() || !HasModel(law, name)) return NoSuchModel(body.value("model", ""));
  return is_show ? Show(law) : Answer{200, ""};
}

}  // namespace ollama_bench::simulator
