#include "ollama_bench/session/leftovers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "ollama_bench/ollama/server_check.h"

namespace ollama_bench {
namespace {

// As this program writes one: Crockford's base 32 in small letters.
bool IsUlid(std::string_view text) {
  constexpr std::size_t kLength = 26;
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  return text.size() == kLength && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace

std::string OwnModelName(const std::string& store_id) {
  return std::string(kTemporaryModelPrefix) + store_id;
}

// A merge in place gives the file another id, and leaves the models under the former one.
bool IsOwnModelName(const std::string& name, const std::string& store_id) {
  if (!name.starts_with(kTemporaryModelPrefix)) return false;
  const std::string_view rest = std::string_view(name).substr(kTemporaryModelPrefix.size());
  const bool holds_id = !store_id.empty() && rest.starts_with(store_id) &&
                        (rest.size() == store_id.size() || rest[store_id.size()] == '-');
  return holds_id || IsUlid(rest.substr(0, rest.find('-')));
}

bool IsOwnModel(const TemporaryModel& noted, const std::string& store_id,
                const std::string& digest) {
  return IsOwnModelName(noted.name, store_id) || (!noted.digest.empty() && noted.digest == digest);
}

ClearedModels ClearModels(const std::vector<TemporaryModel>& noted, const std::string& store_id,
                          OllamaApi& api) {
  ClearedModels cleared;
  if (noted.empty()) return cleared;
  const auto models = api.Models();
  if (!models) {
    cleared.left = noted;
    cleared.reason = models.error().message;
    return cleared;
  }
  for (const TemporaryModel& temporary : noted) {
    const ModelListing* listed = FindModel(*models, temporary.name);
    if (listed == nullptr) continue;
    if (!IsOwnModel(temporary, store_id, listed->digest)) {
      cleared.kept.push_back(temporary);
    } else if (const auto removed = api.Remove(temporary.name); !removed) {
      cleared.left.push_back(temporary);
      cleared.reason = removed.error().message;
    } else {
      cleared.removed.push_back(temporary.name);
    }
  }
  return cleared;
}

std::string DescribeKept(const std::string& model) {
  return fmt::format(
      "the server has a model '{0}', a name that was used for a sweep; it is not known to be the "
      "sweep's own and stays; by hand, where nobody needs it: ollama rm {0}",
      model);
}

Expected<void, SessionError> CheckNamesAreFree(const std::vector<std::string>& names,
                                               OllamaApi& api) {
  if (names.empty()) return {};
  const auto models = api.Models();
  if (!models) return Fail(models.error());
  for (const std::string& name : names) {
    if (FindModel(*models, name) == nullptr) continue;
    return Fail(ExitCode::kUsage, fmt::format("the server has a model '{}', which this program did "
                                              "not make and does not replace; give "
                                              "another name with --model-name",
                                              name));
  }
  return {};
}

}  // namespace ollama_bench
