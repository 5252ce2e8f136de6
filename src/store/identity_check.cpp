#include "ollama_bench/store/identity_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string_view>

namespace ollama_bench {
namespace {

std::string Shown(const std::string& value) {
  return value;
}
std::string Shown(const std::optional<int>& value) {
  return value ? std::to_string(*value) : std::string();
}
std::string Shown(const std::vector<std::string>& values) {
  return fmt::format("{}", fmt::join(values, ", "));
}
std::string Shown(bool value) {
  return value ? "yes" : "no";
}

// Begins each half of a line: "results have", "b.json has".
struct Wording {
  std::string before = "results have";
  std::string now;  // empty: by the field, "the server runs"
  std::string here = "now it is";
};

class Comparison {
 public:
  explicit Comparison(Wording wording = {}) : wording_(std::move(wording)) {}

  // `now` begins the second half: "the server runs", "this run uses".
  template <class T>
  void MustAgree(std::string_view key, const T& stored, const T& present, std::string_view now) {
    const std::string before = Shown(stored);
    const std::string here = Shown(present);
    if (before.empty() && here.empty()) return;
    if (before.empty()) {
      check.unverified.push_back(
          fmt::format("{}: not recorded in the results, taken as {}", key, here));
    } else if (here.empty()) {
      check.unverified.push_back(
          fmt::format("{}: results have {}, not known at present", key, before));
    } else if (before != here) {
      Refuse(key, before, now, here);
    }
  }

  template <class T>
  void ShouldAgree(std::string_view key, const T& stored, const T& present) {
    const std::string before = Shown(stored);
    const std::string here = Shown(present);
    if (before.empty() || here.empty() || before == here) return;
    check.warnings.push_back(
        fmt::format("{}: {} {}, {} {}", key, wording_.before, before, wording_.here, here));
  }

  void Refuse(std::string_view key, const std::string& before, std::string_view now,
              const std::string& here) {
    check.refusals.push_back(fmt::format("{}: {} {}, {} {}", key, wording_.before, before,
                                         wording_.now.empty() ? now : wording_.now, here));
  }

  IdentityCheck check;

 private:
  Wording wording_;
};

// "smollm2 (sha256:167e1ef1f7b1)": people know the name, but only the digest distinguishes models.
std::string ShownModel(const Identity& identity) {
  constexpr std::size_t kEnough = std::string_view("sha256:").size() + 12;
  const std::string digest = identity.model_digest.substr(0, kEnough);
  return identity.model.empty() ? digest : fmt::format("{} ({})", identity.model, digest);
}

void CompareModels(Comparison& comparison, const Identity& stored, const Identity& present) {
  const bool digests_known = !stored.model_digest.empty() && !present.model_digest.empty();
  if (!digests_known) {
    comparison.MustAgree("model", stored.model, present.model, "this run uses");
    comparison.MustAgree("model_digest", stored.model_digest, present.model_digest,
                         "this run uses");
  } else if (stored.model_digest != present.model_digest) {
    comparison.Refuse("model", ShownModel(stored), "this run uses", ShownModel(present));
  }
}

void ComparePrompts(Comparison& comparison, const Identity& stored, const Identity& present) {
  constexpr std::int64_t kTolerance = 4;
  comparison.MustAgree("prompt_sha256", stored.prompt_sha256, present.prompt_sha256,
                       "this run's prompt has");
  const bool texts_differ = !stored.prompt_sha256.empty() && !present.prompt_sha256.empty() &&
                            stored.prompt_sha256 != present.prompt_sha256;
  if (texts_differ || !stored.prompt_tokens || !present.prompt_tokens) return;
  if (std::abs(*stored.prompt_tokens - *present.prompt_tokens) <= kTolerance) return;
  comparison.Refuse("prompt_tokens", std::to_string(*stored.prompt_tokens), "the server counts",
                    std::to_string(*present.prompt_tokens));
}

bool IsKnown(const Environment& environment) {
  return !environment.host.empty() || !environment.os.empty() || !environment.cpu.empty();
}

void CompareSettings(Comparison& comparison, const Environment& stored,
                     const Environment& present) {
  std::set<std::string> names;
  for (const auto& [name, value] : stored.server_settings) names.insert(name);
  for (const auto& [name, value] : present.server_settings) names.insert(name);
  const auto value_of = [](const Environment& environment, const std::string& name) {
    const auto found = environment.server_settings.find(name);
    return found == environment.server_settings.end() ? std::string("(not set)") : found->second;
  };
  for (const std::string& name : names) {
    comparison.ShouldAgree(name, value_of(stored, name), value_of(present, name));
  }
}

void CompareEnvironments(Comparison& comparison, const Environment& stored,
                         const Environment& present) {
  if (!IsKnown(present)) return;
  if (!IsKnown(stored)) {
    comparison.check.unverified.emplace_back("environment: not recorded in the results");
    return;
  }
  comparison.ShouldAgree("host", stored.host, present.host);
  comparison.ShouldAgree("os", stored.os, present.os);
  comparison.ShouldAgree("cpu", stored.cpu, present.cpu);
  const auto gpus_of = [](const Environment& environment) {
    return environment.gpus.empty() ? std::vector<std::string>{"none"} : environment.gpus;
  };
  comparison.ShouldAgree("gpus", gpus_of(stored), gpus_of(present));
  comparison.ShouldAgree("server_is_local", stored.server_is_local, present.server_is_local);
  CompareSettings(comparison, stored, present);
}

void CompareIdentities(Comparison& comparison, const Identity& stored, const Identity& present) {
  CompareModels(comparison, stored, present);
  ComparePrompts(comparison, stored, present);
  comparison.MustAgree("num_predict", stored.num_predict, present.num_predict, "this run uses");
  comparison.MustAgree("driver", stored.driver, present.driver, "this run uses");
  comparison.MustAgree("ollama_version", stored.ollama_version, present.ollama_version,
                       "the server runs");
}

}  // namespace

IdentityCheck CheckIdentity(const Identity& stored, const Environment& stored_environment,
                            const Identity& present, const Environment& present_environment) {
  Comparison comparison;
  CompareIdentities(comparison, stored, present);
  CompareEnvironments(comparison, stored_environment, present_environment);
  return std::move(comparison.check);
}

IdentityCheck CompareStored(const StoredIdentity& a, const StoredIdentity& b) {
  Comparison comparison({a.name + " has", b.name + " has", b.name + " has"});
  CompareIdentities(comparison, a.identity, b.identity);
  CompareEnvironments(comparison, a.environment, b.environment);
  return std::move(comparison.check);
}

bool LacksIdentity(const Identity& stored, const Identity& present) {
  const auto lacks = [](const std::string& before, const std::string& now) {
    return before.empty() && !now.empty();
  };
  const bool lacks_model = present.model_digest.empty()
                               ? stored.model_digest.empty() && lacks(stored.model, present.model)
                               : stored.model_digest.empty();
  return lacks_model || lacks(stored.prompt_sha256, present.prompt_sha256) ||
         lacks(stored.driver, present.driver) ||
         lacks(stored.ollama_version, present.ollama_version);
}

void SettleMixed(Metadata& metadata, std::span<const CellResult> results) {
  const bool for_another_reason = metadata.mixed && !metadata.unverified;
  if (for_another_reason) return;
  metadata.unverified =
      metadata.identity != Identity() && std::any_of(results.begin(), results.end(), IsUnverified);
  metadata.mixed = metadata.unverified;
}

Identity AdoptUnknown(Identity stored, const Identity& present) {
  const auto adopt = [](auto& value, const auto& known) {
    if (value == std::remove_reference_t<decltype(value)>{}) value = known;
  };
  adopt(stored.model, present.model);
  adopt(stored.model_digest, present.model_digest);
  adopt(stored.prompt_sha256, present.prompt_sha256);
  adopt(stored.prompt_tokens, present.prompt_tokens);
  adopt(stored.num_predict, present.num_predict);
  adopt(stored.driver, present.driver);
  adopt(stored.ollama_version, present.ollama_version);
  return stored;
}

}  // namespace ollama_bench
