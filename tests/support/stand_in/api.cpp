#include "support/stand_in/api.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "support/stand_in/server_setting.h"
#include "support/stand_in/tokens.h"

namespace ollama_bench::stand_in {
namespace {

constexpr const char* kTime = "2026-11-21T07:14:49.008674714Z";

struct Request {
  Json body;
  const Model* model = nullptr;
  std::string name;
  Json act;
};

using Handler = Reply (*)(State&, const Request&);

Reply Whole(const Json& json) {
  Reply reply;
  reply.lines = {json.dump(-1, ' ', false, Json::error_handler_t::replace)};
  return reply;
}

Reply Refuse(int status, const std::string& error) {
  Reply reply = Whole({{"error", error}});
  reply.status = status;
  return reply;
}

// v0.11.4/api_generate_missing.json
Reply Missing(const std::string& name) {
  return Refuse(404, "model '" + name + "' not found");
}

Json Details(const Model* model) {
  return {{"parent_model", model == nullptr ? "" : model->parent},
          {"format", "gguf"},
          {"family", "llama"},
          {"families", {"llama"}},
          {"parameter_size", "134.52M"},
          {"quantization_level", "Q4_1"}};
}

Parameters Entries(const Json& object) {
  Parameters entries;
  for (const auto& [key, value] : object.items()) entries.emplace_back(key, value.dump());
  return entries;
}

Parameters Options(const Json& body) {
  return Entries(body.value("options", Json::object()));
}

Reply Version(State& state, const Request&) {
  return Whole({{"version", state.behaviour().version()}});
}

Reply Tags(State& state, const Request&) {
  Json models = Json::array();
  for (const Model& model : state.models.all()) {
    models.push_back({{"name", model.name},
                      {"model", model.name},
                      {"modified_at", kTime},
                      {"size", model.size},
                      {"digest", model.digest},
                      {"details", Details(&model)}});
    if (!model.remote_host.empty()) models.back()["remote_host"] = model.remote_host;
  }
  return Whole({{"models", models}});
}

Reply Loaded(State& state, const Request&) {
  Json models = Json::array();
  const Behaviour behaviour = state.behaviour();
  for (const Runner& runner : state.engine.Poll()) {
    Json entry = {{"name", runner.model},
                  {"model", runner.model},
                  {"size", runner.size},
                  {"digest", runner.digest},
                  {"details", Details(state.models.Find(runner.model))},
                  {"expires_at", kTime},
                  {"size_vram", runner.size_vram}};
    if (behaviour.tells_context_length()) {
      entry["context_length"] =
          behaviour.tells_effective_context() ? runner.num_ctx : runner.requested_ctx;
    }
    models.push_back(std::move(entry));
  }
  return Whole({{"models", models}});
}

Reply Show(State&, const Request& request) {
  if (request.model == nullptr) return Missing(request.name);
  const Model& model = *request.model;
  std::string parameters;
  std::string modelfile = "FROM /home/user/models/blobs/sha256-" + model.weights + "\n";
  for (const auto& [key, value] : model.parameters) {
    // A name is padded to 30 columns; texts stand in quotes.
    parameters += parameters.empty() ? "" : "\n";
    parameters += key + std::string(31 - std::min<std::size_t>(key.size(), 30), ' ');
    parameters += key == "stop" ? "\"" + value + "\"" : value;
    modelfile += "PARAMETER " + key + " " + value + "\n";
  }
  return Whole({{"modelfile", modelfile},
                {"remote_host", model.remote_host},
                {"parameters", parameters},
                {"template", "{{ .Prompt }}"},
                {"details", Details(&model)},
                {"model_info",
                 {{"general.architecture", "llama"},
                  {"general.parameter_count", 134515008},
                  {"llama.context_length", model.trained_context},
                  {"llama.embedding_length", 576}}},
                {"capabilities", model.capabilities},
                {"modified_at", kTime}});
}

Json Line(const Request& request, const std::string& response) {
  return {{"model", request.body.value("model", "")},
          {"created_at", kTime},
          {"response", response},
          {"done", false}};
}

Json LastLine(const Request& request, const Answer& answer, bool predict_ended) {
  const Metrics& metrics = answer.metrics;
  Json line = Line(request, "");
  line["done"] = true;
  line["done_reason"] = predict_ended ? "length" : "stop";
  if (!request.body.value("raw", false)) {
    line["context"] = Json::array();
    for (std::int64_t id = 1; id <= metrics.prompt_tokens + metrics.eval_tokens; ++id) {
      line["context"].push_back(id);
    }
  }
  // Each of these is left out where it is zero.
  const std::pair<const char*, std::int64_t> fields[] = {
      {"total_duration", metrics.total.count()},
      {"load_duration", metrics.load.count()},
      {"prompt_eval_count", metrics.prompt_tokens},
      {"prompt_eval_duration", metrics.prompt_eval.count()},
      {"eval_count", metrics.eval_tokens},
      {"eval_duration", metrics.eval.count()}};
  for (const auto& [key, value] : fields) {
    if (value > 0) line[key] = value;
  }
  return line;
}

Reply Generated(const Request& request, const Answer& answer) {
  const bool predict_ended = answer.metrics.eval_tokens > 0;
  const Json& act = request.act;
  if (act.is_object() && act.value("http_status", 0) == 200) {
    // An error in mid-stream comes under the status that the stream began with.
    Reply reply = Whole({{"error", act.value("error", "")}});
    reply.stream = true;
    reply.lines.insert(reply.lines.begin(), Line(request, "The").dump());
    return reply;
  }
  Json last = LastLine(request, answer, predict_ended);
  if (!request.body.value("stream", true)) {
    std::string text;
    for (const std::string& piece : answer.pieces) text += piece;
    last["response"] = text;
    return Whole(last);
  }
  Reply reply;
  reply.type = "application/x-ndjson";
  reply.stream = true;
  for (const std::string& piece : answer.pieces) {
    reply.lines.push_back(Line(request, piece).dump());
  }
  if (!act.is_object() || act.value("body", "") != "no_end") reply.lines.push_back(last.dump());
  return reply;
}

Reply Generate(State& state, const Request& request) {
  if (request.model == nullptr) return Missing(request.name);
  const std::string text = request.body.value("prompt", "");
  Json done = Line(request, "");
  done["done"] = true;
  if (text.empty()) {
    // Without a prompt the model is loaded, or with keep_alive 0 unloaded. The number may come as
    // a text with a unit.
    const Json keep = request.body.value("keep_alive", Json("5m"));
    const bool unload = keep == 0 || keep == "0" || keep == "0s" || keep == "0m";
    done["done_reason"] = unload ? "unload" : "load";
    if (unload) {
      state.engine.Unload(state.script, *request.model);
    } else {
      const Answer loaded = state.engine.Run(state.script, *request.model,
                                             {"", false, Options(request.body)}, request.act);
      if (!loaded.error.empty()) return Refuse(500, loaded.error);
    }
    return Whole(done);
  }
  const Prompt prompt{text, request.body.value("raw", false), Options(request.body)};
  const Answer answer = state.engine.Run(state.script, *request.model, prompt, request.act);
  if (!answer.error.empty()) return Refuse(500, answer.error);
  if (request.act.is_object() && request.act.value("unload", false)) {
    state.engine.Drop(*request.model);
  }
  return Generated(request, answer);
}

// The same with a conversation, of which the last message is the prompt.
Reply Chat(State& state, const Request& request) {
  Request last = request;
  const Json messages = request.body.value("messages", Json::array());
  last.body["prompt"] = messages.empty() ? "" : messages.back().value("content", "");
  Reply reply = Generate(state, last);
  for (std::string& text : reply.lines) {
    Json line = Json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("response")) continue;
    line["message"] = {{"role", "assistant"}, {"content", line["response"]}};
    line.erase("response");
    line.erase("context");
    text = line.dump();
  }
  return reply;
}

Reply Create(State& state, const Request& request) {
  Modelfile modelfile;
  modelfile.from = request.body.value("from", "");
  modelfile.parameters = Entries(request.body.value("parameters", Json::object()));
  const auto model = state.models.Create(request.name, modelfile, "");
  if (!model) return Refuse(400, model.error());
  state.Save();
  if (!request.body.value("stream", true)) return Whole({{"status", "success"}});
  Reply reply;
  reply.type = "application/x-ndjson";
  reply.stream = true;
  for (const std::string& status : {"using existing layer sha256:" + model->weights,
                                    std::string("writing manifest"), std::string("success")}) {
    reply.lines.push_back(Json{{"status", status}}.dump());
  }
  return reply;
}

Reply Delete(State& state, const Request& request) {
  if (request.model == nullptr) return Missing(request.name);
  state.engine.Unload(state.script, *request.model);
  state.models.Remove(request.name);
  state.Save();
  Reply reply;
  reply.lines = {""};
  return reply;
}

Call CallOf(const std::string& path, const Request& request) {
  Call call{"http", path, request.name.empty() ? "" : FullName(request.name), {}, {}};
  const Parameters options = Merge(
      request.model != nullptr ? request.model->parameters : Parameters(), Options(request.body));
  call.num_ctx = IntParameter(options, "num_ctx");
  call.num_batch = IntParameter(options, "num_batch");
  return call;
}

}  // namespace

Reply AnswerApi(State& state, const std::string& method, const std::string& path,
                const std::string& body) {
  static const std::map<std::string, Handler> kHandlers = {
      {"GET /api/version", Version}, {"GET /api/tags", Tags},          {"GET /api/ps", Loaded},
      {"POST /api/show", Show},      {"POST /api/generate", Generate}, {"POST /api/create", Create},
      {"POST /api/chat", Chat},      {"DELETE /api/delete", Delete}};
  const auto handler = kHandlers.find(method + " " + path);
  if (handler == kHandlers.end()) {
    Reply reply;
    reply.status = 404;
    reply.type = "text/plain";
    reply.lines = {"404 page not found"};
    return reply;
  }
  Request request;
  request.body = body.empty() ? Json::object() : Json::parse(body, nullptr, false);
  if (!request.body.is_object()) {
    return Refuse(400, "invalid character 'x' looking for beginning of value");
  }
  request.name = request.body.value("model", request.body.value("name", ""));
  if (!request.name.empty()) request.model = state.models.Find(request.name);
  Json details = {{"method", method}};
  if (request.body.contains("prompt")) {
    const std::string prompt = request.body.value("prompt", "");
    details["words"] = Words(prompt).size();
    details["prompt"] = prompt.substr(0, 80);
  }
  for (const char* key : {"keep_alive", "stream", "raw", "options"}) {
    if (request.body.contains(key)) details[key] = request.body[key];
  }
  request.act = state.Begin(CallOf(path, request), std::move(details));
  if (IsReadOnly() && (path == "/api/create" || path == "/api/delete")) {
    return Refuse(403, "this server is for reading");
  }
  const bool refused = request.act.is_object() && request.act.value("http_status", 200) != 200;
  Reply reply = handler->second(state, request);
  if (refused) {
    reply = Refuse(request.act.value("http_status", 500), request.act.value("error", ""));
  }
  reply.act = request.act;
  return reply;
}

}  // namespace ollama_bench::stand_in
