#include "prompt_fields.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;
using Error = Unexpected<std::string>;

// "'id', 'text' and 3 more".
std::string KeysOf(const Json& entry) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> keys;
  for (const auto& [key, value] : entry.items()) {
    if (keys.size() == kMost) break;
    keys.push_back(fmt::format("'{}'", Printable(StartOf(key, 40), false)));
  }
  std::string text = fmt::format("{}", fmt::join(keys, ", "));
  if (entry.size() > kMost) text += fmt::format(" and {} more", entry.size() - kMost);
  return text.empty() ? "nothing" : text;
}

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string TextOf(const Json& object, const char* key) {
  const Json* const text = Find(object, key);
  return text != nullptr && text->is_string() ? text->get<std::string>() : std::string();
}

// Training data holds the answers as well: what follows the last question is left out.
Expected<std::vector<ChatMessage>, std::string> MessagesOf(const Json& list) {
  std::vector<ChatMessage> messages;
  for (const Json& turn : list) {
    ChatMessage message{Lower(TextOf(turn, "role")), TextOf(turn, "content")};
    if (message.role.empty() || message.content.empty()) {
      return Error(fmt::format("message {} has no role or no text", messages.size() + 1));
    }
    messages.push_back(std::move(message));
  }
  while (!messages.empty() && messages.back().role == "assistant") messages.pop_back();
  if (messages.empty()) return Error("'messages' holds no question");
  return messages;
}

Expected<std::vector<ChatMessage>, std::string> FirstTurnsOf(const Json& conversation) {
  std::vector<ChatMessage> messages;
  for (const Json& turn : conversation) {
    const std::string from = Lower(TextOf(turn, "from"));
    const bool is_human = from == "human" || from == "user";
    if (!is_human && from != "system") continue;
    std::string text = TextOf(turn, "value");
    if (Trim(text).empty()) continue;
    messages.push_back({is_human ? "user" : "system", std::move(text)});
    if (is_human) return messages;
  }
  return Error("the conversation has no human turn with text");
}

// One question alone needs no conversation.
void SetMessages(PromptItem& item, std::vector<ChatMessage> messages) {
  item.prompt = messages.back().content;
  if (messages.size() > 1) item.messages = std::move(messages);
}

// Whether the entry has a list of messages, which then is the item's.
Expected<bool, std::string> TakeMessages(const Json& entry, PromptItem& item) {
  if (const Json* const list = Find(entry, "messages"); list != nullptr && list->is_array()) {
    auto messages = MessagesOf(*list);
    if (!messages) return Error(messages.error());
    SetMessages(item, std::move(*messages));
    return true;
  }
  for (const char* key : {"conversations", "conversation"}) {
    const Json* const list = Find(entry, key);
    if (list == nullptr || !list->is_array()) continue;
    auto messages = FirstTurnsOf(*list);
    if (!messages) return Error(messages.error());
    SetMessages(item, std::move(*messages));
    return true;
  }
  return false;
}

Expected<void, std::string> TakeId(const Json& entry, PromptItem& item) {
  const Json* const id = Find(entry, "id");
  if (id == nullptr) return {};
  item.id_is_number = id->is_number_integer();
  if (item.id_is_number) item.id = id->dump();
  if (id->is_string()) item.id = id->get<std::string>();
  if (item.id.empty()) return Error("'id' is neither a text nor a whole number");
  return {};
}

Expected<void, std::string> TakePrompt(const Json& entry, const std::string& field,
                                       PromptItem& item) {
  const auto keys = field.empty() ? std::vector<std::string>{"prompt", "question"}
                                  : std::vector<std::string>{field};
  for (const std::string& key : keys) {
    const Json* const text = Find(entry, key.c_str());
    if (text == nullptr) continue;
    if (!text->is_string()) return Error(fmt::format("'{}' is no text", key));
    item.prompt = text->get<std::string>();
    if (Trim(item.prompt).empty()) return Error(fmt::format("'{}' is empty", key));
    return {};
  }
  if (field.empty()) {
    const auto taken = TakeMessages(entry, item);
    if (!taken) return Error(taken.error());
    if (*taken) return {};
    return Error(
        fmt::format("has neither 'prompt' nor 'question', but {}; name the key of the "
                    "prompt with --field",
                    KeysOf(entry)));
  }
  return Error(fmt::format("has no '{}', but {}", Printable(field, false), KeysOf(entry)));
}

}  // namespace

Expected<PromptItem, std::string> PromptOf(const Json& entry, const std::string& field) {
  if (!entry.is_object()) return Error("is no JSON object");
  PromptItem item;
  if (auto taken = TakeId(entry, item); !taken) return Error(taken.error());
  if (auto taken = TakePrompt(entry, field, item); !taken) return Error(taken.error());
  return item;
}

}  // namespace ollama_bench
