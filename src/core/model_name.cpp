#include "ollama_bench/core/model_name.h"

#include <algorithm>
#include <optional>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

struct NameParts {
  std::optional<std::string_view> host;
  std::optional<std::string_view> name_space;
  std::string_view model;
  std::optional<std::string_view> tag;
};

// What precedes the last `separator` is left in `text`, what follows it is returned.
std::optional<std::string_view> TakeAfterLast(std::string_view& text, char separator) {
  const std::size_t at = text.rfind(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view after = text.substr(at + 1);
  text = text.substr(0, at);
  return after;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return Lower(a) == Lower(b);
}

NameParts Split(std::string_view name) {
  NameParts parts;
  // A colon before the last slash belongs to the host's port.
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.rfind(':');
  const bool has_tag =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  if (has_tag) parts.tag = TakeAfterLast(name, ':');
  const auto model = TakeAfterLast(name, '/');
  parts.model = model.value_or(name);
  if (!model) return parts;
  const auto name_space = TakeAfterLast(name, '/');
  parts.name_space = name_space.value_or(name);
  if (!name_space) return parts;
  // Ollama takes the address of a model's page for its name.
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (EqualsIgnoringCase(name.substr(0, scheme.size()), scheme)) {
      name.remove_prefix(scheme.size());
      break;
    }
  }
  parts.host = name;
  return parts;
}

bool IsWordCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool IsValidPart(std::string_view part, std::size_t longest, std::string_view also_allowed) {
  return !part.empty() && part.size() <= longest && IsWordCharacter(part.front()) &&
         std::all_of(part.begin(), part.end(), [also_allowed](char c) {
           return IsWordCharacter(c) || also_allowed.find(c) != std::string_view::npos;
         });
}

}  // namespace

bool IsValidModelName(std::string_view name) {
  const NameParts parts = Split(name);
  return (!parts.host || IsValidPart(*parts.host, 350, "-.:")) &&
         (!parts.name_space || IsValidPart(*parts.name_space, 80, "-")) &&
         IsValidPart(parts.model, 80, "-.") && (!parts.tag || IsValidPart(*parts.tag, 80, "-."));
}

std::string NormalizeModelName(std::string_view name) {
  const NameParts parts = Split(name);
  const bool default_host = !parts.host || EqualsIgnoringCase(*parts.host, "registry.ollama.ai");
  const bool default_name_space =
      !parts.name_space || EqualsIgnoringCase(*parts.name_space, "library");
  std::string normalized;
  if (!default_host) normalized.append(*parts.host).append("/");
  if (parts.name_space && !(default_host && default_name_space)) {
    normalized.append(*parts.name_space).append("/");
  }
  return normalized.append(parts.model).append(":").append(parts.tag.value_or("latest"));
}

bool IsSameModelName(std::string_view a, std::string_view b) {
  return EqualsIgnoringCase(NormalizeModelName(a), NormalizeModelName(b));
}

bool IsCloudModelName(std::string_view name) {
  const std::string tag = Lower(Split(name).tag.value_or(""));
  return tag == "cloud" || tag.ends_with("-cloud");
}

}  // namespace ollama_bench
