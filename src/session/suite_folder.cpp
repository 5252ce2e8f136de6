#include "suite_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "ollama_bench/core/sha256.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/core/version.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/store/atomic_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kStateFile = "suite.json";
constexpr const char* kSuites = "results";

struct State {
  std::string configuration;
  bool quick = false;
  bool is_reported = false;
  std::string started;
  std::vector<SuiteEntry> entries;

  // Timed out, skipped and without results: trying again would bring the same.
  [[nodiscard]] bool IsFinished() const {
    return is_reported && std::none_of(entries.begin(), entries.end(), [](const SuiteEntry& entry) {
             return entry.status == SuiteStatus::kPending || entry.status == SuiteStatus::kFailed;
           });
  }
};

SuiteStatus StatusFromKey(const std::string& key) {
  for (int i = 0; i <= static_cast<int>(SuiteStatus::kFailed); ++i) {
    if (KeyOf(static_cast<SuiteStatus>(i)) == key) return static_cast<SuiteStatus>(i);
  }
  return SuiteStatus::kPending;
}

SuiteEntry EntryFrom(const Json& json) {
  SuiteEntry entry;
  entry.name = json.at("name").get<std::string>();
  entry.command = json.at("command").get<std::string>();
  entry.arguments = json.at("arguments").get<std::vector<std::string>>();
  entry.status = StatusFromKey(json.at("status").get<std::string>());
  entry.reason = json.value("reason", std::string());
  entry.seconds = json.value("seconds", 0.0);
  entry.results = json.at("results").get<std::string>();
  if (json.contains("answer") && !json.at("answer").is_null())
    entry.answer = json.at("answer").dump();
  return entry;
}

Json JsonOf(const SuiteEntry& entry) {
  Json json{{"name", entry.name},           {"command", entry.command},
            {"arguments", entry.arguments}, {"status", KeyOf(entry.status)},
            {"seconds", entry.seconds},     {"results", entry.results.string()}};
  if (!entry.reason.empty()) json["reason"] = entry.reason;
  const Json answer = Json::parse(entry.answer, nullptr, /*allow_exceptions=*/false);
  if (!entry.answer.empty() && !answer.is_discarded()) json["answer"] = answer;
  return json;
}

// Empty where there is no such file; what is damaged is an error.
Expected<std::optional<State>, SessionError> ReadState(FileSystem& file_system,
                                                       const fs::path& folder) {
  const fs::path path = folder / kStateFile;
  const auto file = file_system.Read(path);
  if (!file) {
    if (file.error().code == ENOENT) return std::optional<State>();
    return Fail(ExitCode::kStore, file.error().message);
  }
  try {
    const Json json = Json::parse(file->text);
    State state;
    state.configuration = json.at("config_sha256").get<std::string>();
    state.quick = json.at("quick").get<bool>();
    state.is_reported = json.value("reported", false);
    state.started = json.at("started").get<std::string>();
    for (const Json& entry : json.at("experiments")) state.entries.push_back(EntryFrom(entry));
    return std::optional<State>(std::move(state));
  } catch (const Json::exception& problem) {
    return Fail(ExitCode::kStore,
                fmt::format("{}: this is no state of a suite ({}); name another folder with -o",
                            path.string(), Printable(problem.what(), false)));
  }
}

// The newest folder whose suite is this one and not finished.
fs::path FindUnfinished(FileSystem& file_system, const std::string& configuration, bool quick) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kSuites, error)) folders.push_back(entry.path());
  std::sort(folders.rbegin(), folders.rend());
  for (const fs::path& folder : folders) {
    const auto state = ReadState(file_system, folder);
    const bool is_ours =
        state && *state && (*state)->configuration == configuration && (*state)->quick == quick;
    if (is_ours && !(*state)->IsFinished()) return folder;
  }
  return {};
}

// "20261128_142501", in the time of this place; another one where that is taken.
fs::path NewFolder(Clock& clock) {
  const std::string local = LocalTime(FormatTimestamp(clock.WallTime()));
  std::string digits;
  for (const char c : local.substr(0, 19)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  const std::string name = digits.substr(0, 8) + "_" + digits.substr(8);
  fs::path folder = fs::path(kSuites) / name;
  for (int i = 2; fs::exists(folder); ++i)
    folder = fs::path(kSuites) / fmt::format("{}_{}", name, i);
  return folder;
}

}  // namespace

std::string_view KeyOf(SuiteStatus status) {
  constexpr std::array<std::string_view, 6> kKeys = {"pending",   "done",    "no_result",
                                                     "timed_out", "skipped", "failed"};
  return kKeys.at(static_cast<std::size_t>(status));
}

Expected<SuiteFolder, SessionError> SuiteFolder::Open(FileSystem& file_system, Clock& clock,
                                                      const SuiteOptions& options,
                                                      const std::string& configuration) {
  const std::string hash = Sha256Hex(configuration);
  fs::path folder = options.folder;
  if (folder.empty() && !options.starts_anew) {
    folder = FindUnfinished(file_system, hash, options.quick);
  }
  if (folder.empty()) folder = NewFolder(clock);
  std::error_code error;
  fs::create_directories(folder / "charts", error);
  if (error) {
    return Fail(ExitCode::kEnvironment,
                fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  }
  auto lock = LockStore(folder / kStateFile, clock, "-o");
  if (!lock) return Unexpected<SessionError>(ToSessionError(lock.error()));
  auto state = ReadState(file_system, folder);
  if (!state) return Unexpected<SessionError>(state.error());
  SuiteFolder opened(file_system, std::move(folder), hash, options.quick, std::move(*lock));
  opened.started_ = FormatTimestamp(clock.WallTime());
  if (!*state) return opened;
  if ((*state)->configuration != hash || (*state)->quick != options.quick) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} holds another suite, or this one before it was changed; name "
                            "another folder with -o, or leave -o out",
                            opened.path().string()));
  }
  if (options.starts_anew) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} holds this suite already; leave --new out to resume it",
                            opened.path().string()));
  }
  opened.started_ = (*state)->started;
  opened.entries_ = std::move((*state)->entries);
  return opened;
}

Expected<void, SessionError> SuiteFolder::Save(const std::vector<SuiteEntry>& entries,
                                               bool is_reported) {
  Json json{{"tool_version", kVersion}, {"config_sha256", configuration_},
            {"quick", quick_},          {"started", started_},
            {"reported", is_reported},  {"experiments", Json::array()}};
  for (const SuiteEntry& entry : entries) json["experiments"].push_back(JsonOf(entry));
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  const auto saved = ReplaceFile(*file_system_, path_ / kStateFile, text);
  if (!saved) return Fail(ExitCode::kEnvironment, saved.error().message);
  entries_ = entries;
  return {};
}

}  // namespace ollama_bench
