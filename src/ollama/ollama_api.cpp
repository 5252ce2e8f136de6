#include "ollama_bench/ollama/ollama_api.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "http_answer.h"
#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"
#include "options.h"
#include "tensor_cost.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

constexpr std::size_t kLargestAnswer = std::size_t{16} * 1024 * 1024;
constexpr std::chrono::seconds kConnectTimeout{5};
constexpr std::chrono::seconds kAnswerTimeout{30};       // without a byte
constexpr std::chrono::seconds kWholeAnswerTimeout{60};  // from the request to the last byte

Unexpected<Failure> Fail(FailureKind kind, std::string message) {
  return Unexpected<Failure>(Failure{kind, std::move(message), {}, 1});
}

std::string DigestOf(const json& object) {
  const std::string digest = TextOf(object, "digest");
  return digest.empty() || digest.starts_with("sha256:") ? digest : "sha256:" + digest;
}

// The objects of answer["models"].
std::vector<json> ModelsOf(const json& answer) {
  std::vector<json> models;
  const auto found = answer.find("models");
  if (found == answer.end() || !found->is_array()) return models;
  for (const json& model : *found) {
    if (model.is_object()) models.push_back(model);
  }
  return models;
}

std::vector<std::string> TextsOf(const json& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return texts;
  for (const json& text : *found) {
    if (text.is_string()) texts.push_back(Printable(text.get<std::string>(), false));
  }
  return texts;
}

// By the rule of the `ollama` client (cmd/cmd.go, RunHandler).
bool TakesFiles(const json& answer, const std::vector<std::string>& capabilities) {
  for (const std::string& capability : capabilities) {
    if (capability == "vision" || capability == "audio") return true;
  }
  const auto projector = answer.find("projector_info");
  if (projector != answer.end() && projector->is_object() && !projector->empty()) return true;
  const auto info = answer.find("model_info");
  if (info == answer.end() || !info->is_object()) return false;
  return std::any_of(info->items().begin(), info->items().end(), [](const auto& item) {
    return item.key().find(".vision.") != std::string::npos;
  });
}

// A key and a value of each head that has its own, in each layer. Models with a smaller cache in
// some layers (sliding windows, latent attention) need less than this. GGUF's keys.
std::optional<std::int64_t> KvBytesPerToken(const json& info, const std::string& family) {
  const auto number = [&](const char* key) { return NumberOf(info, (family + key).c_str()); };
  const auto layers = number(".block_count");
  const auto heads = number(".attention.head_count");
  const auto kv_heads = number(".attention.head_count_kv");
  const auto width = number(".embedding_length");
  if (!layers || !heads || *heads <= 0 || !width) return std::nullopt;
  const std::int64_t head_size = *width / *heads;
  const std::int64_t key = number(".attention.key_length").value_or(head_size);
  const std::int64_t value = number(".attention.value_length").value_or(head_size);
  constexpr std::int64_t kMost = 1 << 20;  // of each factor: what is above is no model
  for (const std::int64_t factor : {*layers, kv_heads.value_or(*heads), key, value}) {
    if (factor <= 0 || factor > kMost) return std::nullopt;
  }
  constexpr std::int64_t kBytesPerValue = 2;
  return *layers * kv_heads.value_or(*heads) * (key + value) * kBytesPerValue;
}

}  // namespace

const ModelListing* FindModel(const std::vector<ModelListing>& models, const std::string& name) {
  const auto found = std::find_if(models.begin(), models.end(), [&name](const ModelListing& model) {
    return IsSameModelName(model.name, name);
  });
  return found == models.end() ? nullptr : &*found;
}

class OllamaApi::Connection {
 public:
  Connection(ServerAddress server, const StopRequest& stop, DebugLog debug_log)
      : address(std::move(server)),
        log(std::move(debug_log)),
        stop_(stop),
        client_(address.Origin()),
        guard_(client_, stop, kWholeAnswerTimeout, 2 * static_cast<std::int64_t>(kLargestAnswer)) {
    client_.set_keep_alive(true);
    // Headers and body are sent one after the other; the body must not wait for an acknowledgement.
    client_.set_tcp_nodelay(true);
    client_.set_connection_timeout(kConnectTimeout);
    client_.set_read_timeout(kAnswerTimeout);
    client_.set_write_timeout(kAnswerTimeout);
  }

  Expected<json, Failure> Request(const char* method, const std::string& path, const json& body) {
    httplib::Request request;
    request.method = method;
    request.path = address.path + path;
    if (!body.is_null()) {
      request.body = body.dump();
      request.set_header("Content-Type", "application/json");
    }
    std::string answer;
    request.content_receiver = [&answer](const char* data, std::size_t size, std::uint64_t,
                                         std::uint64_t) {
      if (answer.size() + size > kLargestAnswer) return false;
      answer.append(data, size);
      return true;
    };
    if (!guard_.Begin()) return Stopped(path);
    const auto begun = std::chrono::steady_clock::now();
    const httplib::Result result = client_.send(request);
    guard_.End(static_cast<bool>(result));
    if (log) {
      const std::string status =
          result ? std::to_string(result->status) : to_string(result.error());
      log(fmt::format("{} {}{} {}: {}, {} bytes after {}", method, address.Url(), path,
                      StartOf(request.body, 200), status, answer.size(),
                      FormatDuration(std::chrono::steady_clock::now() - begun)));
    }
    if (!result && stop_.Requested()) return Stopped(path);
    if (!result) return Unexpected<Failure>(NoAnswer(address, path, result.error()));
    if (result->status < 200 || result->status > 299)
      return Unexpected<Failure>(RefusedAnswer(path, result->status, answer));
    if (answer.empty()) return json::object();
    return ParseAnswer(path, answer);
  }

  const ServerAddress address;
  const DebugLog log;

 private:
  [[nodiscard]] Unexpected<Failure> Stopped(const std::string& path) const {
    return Fail(FailureKind::kInterrupted,
                fmt::format("stopped; {}{} did not answer", address.Url(), path));
  }

  const StopRequest& stop_;
  httplib::Client client_;
  AnswerGuard guard_;
};

OllamaApi::OllamaApi(ServerAddress address, const StopRequest& stop, DebugLog log)
    : connection_(std::make_unique<Connection>(std::move(address), stop, std::move(log))) {}

OllamaApi::~OllamaApi() = default;

const ServerAddress& OllamaApi::address() const {
  return connection_->address;
}

const DebugLog& OllamaApi::log() const {
  return connection_->log;
}

Expected<std::string, Failure> OllamaApi::Version() {
  const auto answer = connection_->Request("GET", "/api/version", nullptr);
  if (!answer) return Unexpected<Failure>(answer.error());
  std::string version = TextOf(*answer, "version");
  if (version.empty()) {
    return Fail(FailureKind::kUnknown,
                address().Url() + " answers, but it reports no Ollama version");
  }
  return version;
}

Expected<std::vector<ModelListing>, Failure> OllamaApi::Models() {
  const auto answer = connection_->Request("GET", "/api/tags", nullptr);
  if (!answer) return Unexpected<Failure>(answer.error());
  std::vector<ModelListing> models;
  for (const json& model : ModelsOf(*answer)) {
    models.push_back({TextOf(model, "name"), DigestOf(model), NumberOf(model, "size"),
                      TextOf(model, "remote_host")});
  }
  return models;
}

Expected<std::vector<RunningModel>, Failure> OllamaApi::Running() {
  const auto answer = connection_->Request("GET", "/api/ps", nullptr);
  if (!answer) return Unexpected<Failure>(answer.error());
  std::vector<RunningModel> models;
  for (const json& model : ModelsOf(*answer)) {
    models.push_back({TextOf(model, "name"), DigestOf(model), NumberOf(model, "size").value_or(0),
                      NumberOf(model, "size_vram").value_or(0), NumberOf(model, "context_length")});
  }
  return models;
}

Expected<ModelDetails, Failure> OllamaApi::Show(const std::string& model) {
  const auto answer = connection_->Request("POST", "/api/show", {{"model", model}});
  if (!answer) return Unexpected<Failure>(answer.error());
  ModelDetails details;
  const auto parameters = answer->find("parameters");
  if (parameters != answer->end() && parameters->is_string()) details.parameters = *parameters;
  details.remote_host = TextOf(*answer, "remote_host");
  details.capabilities = TextsOf(*answer, "capabilities");
  details.takes_files = TakesFiles(*answer, details.capabilities);
  details.has_vision = std::find(details.capabilities.begin(), details.capabilities.end(),
                                 "vision") != details.capabilities.end();
  const auto info = answer->find("model_info");
  if (info == answer->end() || !info->is_object()) return details;
  details.family = TextOf(*info, "general.architecture");
  details.trained_context = NumberOf(*info, (details.family + ".context_length").c_str());
  details.layers = NumberOf(*info, (details.family + ".block_count").c_str());
  details.kv_bytes_per_token = KvBytesPerToken(*info, details.family);
  details.decode_cost = CostOfTensors(*answer);
  if (details.decode_cost && details.kv_bytes_per_token) {
    details.decode_cost->kv_bytes_per_token = static_cast<double>(*details.kv_bytes_per_token);
  }
  return details;
}

std::string OllamaApi::PromptOpening(const std::string& model, std::optional<Cell> cell) {
  const auto answer = connection_->Request("POST", "/api/generate",
                                           {{"model", model},
                                            {"prompt", "."},
                                            {"stream", false},
                                            {"keep_alive", "30m"},
                                            {"options", OptionsOf(cell.value_or(Cell()))},
                                            {"_debug_render_only", true}});
  if (!answer) return {};
  const auto info = answer->find("_debug_info");
  if (info == answer->end() || !info->is_object()) return {};
  const std::string text = TextOf(*info, "rendered_template");
  if (text.empty()) return {};
  const char closing = text[0] == '<' ? '>' : text[0] == '[' ? ']' : ' ';
  const auto end = closing == ' ' ? text.find_first_of(" \n") : text.find(closing) + 1;
  return text.substr(0, end);
}

Expected<void, Failure> OllamaApi::Unload(const std::string& model) {
  const auto answer =
      connection_->Request("POST", "/api/generate", {{"model", model}, {"keep_alive", 0}});
  if (!answer) return Unexpected<Failure>(answer.error());
  return {};
}

Expected<void, Failure> OllamaApi::Remove(const std::string& model) {
  const auto answer = connection_->Request("DELETE", "/api/delete", {{"model", model}});
  if (!answer && answer.error().kind != FailureKind::kModelMissing) {
    return Unexpected<Failure>(answer.error());
  }
  return {};
}

}  // namespace ollama_bench
