#include "support/simulator/wire.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <string_view>

namespace ollama_bench::simulator {
namespace {

using WallTime = std::chrono::system_clock::time_point;

std::string Text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : "";
}

// All that is said in a conversation.
std::string TextOfMessages(const Json& body) {
  std::string text;
  for (const Json& message : body.value("messages", Json::array())) {
    const auto content = message.find("content");
    if (content == message.end()) continue;
    if (content->is_string()) text += content->get<std::string>() + " ";
    if (!content->is_array()) continue;
    for (const Json& part : *content) text += part.value("text", "") + " ";
  }
  return text;
}

std::int64_t Words(std::string_view text, std::string& first) {
  std::int64_t words = 0;
  constexpr const char* kBlanks = " \t\r\n";
  for (auto at = text.find_first_not_of(kBlanks); at != text.npos; ++words) {
    const auto end = std::min(text.find_first_of(kBlanks, at), text.size());
    if (words == 0) first = text.substr(at, std::min<std::size_t>(end - at, 64));
    at = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

// Options that need another load.
std::string RunnerOf(const Json& options) {
  std::string runner;
  for (const char* key :
       {"num_ctx", "num_batch", "num_gpu", "num_thread", "main_gpu", "use_mmap"}) {
    const auto found = options.find(key);
    if (found != options.end()) runner += fmt::format("{}={} ", key, found->dump());
  }
  return runner;
}

bool IsZero(const Json& keep_alive) {
  return keep_alive == 0 || keep_alive == "0" || keep_alive == "0s" || keep_alive == "0m";
}

// As Ollama, which leaves out what is zero.
void AddCounts(const Progress& progress, const Law& law, Json& line) {
  const auto add = [&](const char* key, std::int64_t value) {
    if (value != 0) line[key] = value;
  };
  add("total_duration", (progress.end - progress.arrival).count());
  add("load_duration", progress.load.count());
  add("prompt_eval_count", progress.request.prompt_tokens);
  if (law.reports_cached) line["prompt_eval_cached_count"] = progress.cached;
  add("prompt_eval_duration", (progress.first_token - progress.slot).count());
  add("eval_count", progress.tokens);
  add("eval_duration", (progress.end - progress.first_token).count());
}

const char* DoneReason(const Progress& progress) {
  return progress.stops_early ? "stop" : "length";
}

}  // namespace

Asked ReadAsked(Dialect dialect, const Json& body) {
  Asked asked;
  asked.model = Text(body.value("model", Json("")));
  const bool has_messages = dialect == Dialect::kChat || dialect == Dialect::kOpenAiChat;
  const Json prompt = body.value("prompt", Json(""));
  const std::string text = has_messages        ? TextOfMessages(body)
                           : prompt.is_array() ? Text(prompt.empty() ? Json("") : prompt[0])
                                               : Text(prompt);
  asked.has_prompt = !text.empty();
  asked.request.prompt_tokens = Words(text, asked.id);
  asked.unloads = IsZero(body.value("keep_alive", Json("5m")));
  if (dialect >= Dialect::kOpenAiChat) {
    asked.streams = body.value("stream", false);
    for (const char* key : {"max_tokens", "max_completion_tokens"}) {
      const auto found = body.find(key);
      if (found != body.end() && found->is_number()) asked.request.num_predict = *found;
    }
    return asked;
  }
  asked.streams = body.value("stream", true);
  const Json options = body.value("options", Json::object());
  asked.request.num_predict = options.value("num_predict", std::int64_t{0});
  asked.request.runner = RunnerOf(options);
  return asked;
}

std::string TextOf(std::int64_t first, std::int64_t tokens) {
  constexpr std::array<std::string_view, 8> kWords = {" one",  " two", " three", " four",
                                                      " five", " six", " seven", " eight"};
  std::string text;
  for (std::int64_t i = 0; i < tokens; ++i) {
    text += kWords[static_cast<std::size_t>(first + i - 1) % kWords.size()];
  }
  return text;
}

std::string CreatedAt(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto fraction = std::chrono::nanoseconds(time - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(seconds), fraction);
}

const char* Writer::ContentType() const {
  return IsOpenAi() ? "text/event-stream" : "application/x-ndjson";
}

Json Writer::OllamaLine(const std::string& text, bool is_thinking, WallTime now) const {
  Json line = {{"model", model_}, {"created_at", CreatedAt(now)}};
  if (dialect_ == Dialect::kChat) {
    line["message"] = {{"role", "assistant"}, {"content", is_thinking ? "" : text}};
    if (is_thinking) line["message"]["thinking"] = text;
  } else {
    line["response"] = is_thinking ? "" : text;
    if (is_thinking) line["thinking"] = text;
  }
  line["done"] = false;
  return line;
}

std::string Writer::OpenAiLine(const Piece& piece, const Progress& progress,
                               const std::string& text) const {
  const bool is_last = piece.kind == Piece::Kind::kLast;
  const bool is_chat = dialect_ == Dialect::kOpenAiChat;
  Json choice = {{"index", 0}};
  if (is_chat) {
    const char* key = piece.kind == Piece::Kind::kThinking ? "reasoning_content" : "content";
    choice["delta"] = {{"role", "assistant"}, {key, text}};
  } else {
    choice["text"] = text;
  }
  choice["finish_reason"] = is_last ? Json(DoneReason(progress)) : Json(nullptr);
  Json line = {{"id", fmt::format("simulated-{}", progress.number)},
               {"object", is_chat ? "chat.completion.chunk" : "text_completion"},
               {"created", 1'795'244'400},
               {"model", model_},
               {"choices", Json::array({choice})}};
  if (!is_last) return "data: " + line.dump() + "\n\n";
  line["usage"] = {{"prompt_tokens", progress.request.prompt_tokens},
                   {"completion_tokens", progress.tokens},
                   {"total_tokens", progress.request.prompt_tokens + progress.tokens}};
  return "data: " + line.dump() + "\n\ndata: [DONE]\n\n";
}

std::string Writer::LineOf(const Piece& piece, const Progress& progress, const Law& law,
                           WallTime now) const {
  const std::string text = TextOf(piece.first, piece.tokens);
  if (piece.kind == Piece::Kind::kNoDone || piece.kind == Piece::Kind::kCut) return "";
  if (piece.kind == Piece::Kind::kError) {
    const Json error = {{"error", progress.fault->message}};
    return IsOpenAi() ? "data: " + error.dump() + "\n\n" : error.dump() + "\n";
  }
  if (IsOpenAi()) return OpenAiLine(piece, progress, text);
  if (piece.kind == Piece::Kind::kText && dialect_ == Dialect::kGenerate) {
    // By far the most lines: the texts need no escapes.
    return fmt::format(R"({{"model":"{}","created_at":"{}","response":"{}","done":false}})"
                       "\n",
                       model_, CreatedAt(now), text);
  }
  Json line = OllamaLine(text, piece.kind == Piece::Kind::kThinking, now);
  if (piece.kind == Piece::Kind::kLast) {
    line["done"] = true;
    line["done_reason"] = DoneReason(progress);
    AddCounts(progress, law, line);
  }
  return line.dump() + "\n";
}

std::string Writer::WholeOf(const std::string& text, const Progress& progress, const Law& law,
                            WallTime now) const {
  Json line = OllamaLine(text, false, now);
  line["done"] = true;
  line["done_reason"] = DoneReason(progress);
  AddCounts(progress, law, line);
  if (!IsOpenAi()) return line.dump();
  const char* key = dialect_ == Dialect::kOpenAiChat ? "message" : "text";
  Json choice = {{"index", 0}, {"finish_reason", DoneReason(progress)}};
  choice[key] = dialect_ == Dialect::kOpenAiChat ? Json({{"role", "assistant"}, {"content", text}})
                                                 : Json(text);
  return Json({{"id", fmt::format("simulated-{}", progress.number)},
               {"object", "chat.completion"},
               {"created", 1'795'244'400},
               {"model", model_},
               {"choices", Json::array({choice})},
               {"usage",
                {{"prompt_tokens", progress.request.prompt_tokens},
                 {"completion_tokens", progress.tokens},
                 {"total_tokens", progress.request.prompt_tokens + progress.tokens}}}})
      .dump();
}

std::string Writer::EmptyOf(const std::string& reason, WallTime now) const {
  Json line = OllamaLine("", false, now);
  line["done"] = true;
  line["done_reason"] = reason;
  return line.dump();
}

}  // namespace ollama_bench::simulator
