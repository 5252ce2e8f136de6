#include "ollama_bench/ollama/modelfile.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "modelfile_reader.h"
#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Kind = ModelfileCommand::Kind;

bool IsLineEnd(char c) {
  return c == '\n' || c == '\r';
}

Unexpected<std::string> Wrong(const ModelfileCommand& command, std::string_view why) {
  return Unexpected<std::string>(fmt::format("line {}: {}", command.line, why));
}

// In quotes, which keep blanks at its ends.
std::string Quoted(const fs::path& path) {
  return fmt::format("\"{}\"", path.string());
}

// Whether Ollama reads the path out of quotes as it is.
bool CanBeQuoted(const fs::path& path) {
  const std::string bytes = path.string();
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto [code_point, length] = DecodeUtf8(rest);
    if (length == 0 || !IsKeptInModelfile(code_point)) return false;
    rest.remove_prefix(length);
  }
  return true;
}

// Go asks the system's list of users, not HOME.
std::optional<std::string> HomeOf(const std::string& user) {
  constexpr std::size_t kRoom = 16384;
  std::vector<char> room(kRoom);
  passwd entry{};
  passwd* found = nullptr;
  if (user.empty()) {
    getpwuid_r(getuid(), &entry, room.data(), room.size(), &found);
  } else {
    getpwnam_r(user.c_str(), &entry, room.data(), room.size(), &found);
  }
  if (found != nullptr) return std::string(found->pw_dir);
  const char* home = std::getenv("HOME");
  if (!user.empty() || home == nullptr) return std::nullopt;
  return std::string(home);
}

// Absolute; the error is a clause.
Expected<fs::path, std::string> ExpandPath(const std::string& given, const fs::path& folder) {
  fs::path path = given;
  if (given.starts_with('~')) {
    const auto slash = std::min(given.find('/'), given.size());
    const auto home = HomeOf(given.substr(1, slash - 1));
    if (!home) {
      return Unexpected<std::string>(
          fmt::format("there is no user '{}'", Printable(given.substr(1, slash - 1), false)));
    }
    path = *home + given.substr(slash);
  } else if (!given.starts_with('/') && !given.starts_with('\\')) {
    path = folder / path;
  }
  std::error_code error;
  path = fs::absolute(path, error).lexically_normal();
  // "dir/" and "dir" are one folder.
  return path.has_filename() || !path.has_parent_path() ? path : path.parent_path();
}

/// Where an argument leads.
struct Found {
  fs::path path;
  bool exists = false;
};

Expected<Found, std::string> Find(const ModelfileCommand& command, const fs::path& folder) {
  const auto path = ExpandPath(command.value, folder);
  if (!path) return Wrong(command, path.error());
  std::error_code error;
  const bool exists = fs::exists(fs::status(*path, error));
  // Ollama takes for a name only what is not there; what it may not look at ends a create.
  const bool is_absent = !error || error == std::errc::no_such_file_or_directory;
  if (!exists && !is_absent) {
    return Wrong(command, fmt::format("{}: {}", path->string(), error.message()));
  }
  if (exists && !CanBeQuoted(*path)) {
    return Wrong(command,
                 fmt::format("the path {} has a character that Ollama drops from a Modelfile; "
                             "rename the folder or the file",
                             Printable(path->string(), false)));
  }
  return Found{*path, exists};
}

}  // namespace

Expected<Modelfile, std::string> Modelfile::Parse(std::string_view bytes) {
  Modelfile modelfile;
  modelfile.text_ = DecodeModelfile(bytes);
  auto commands = ReadModelfileCommands(modelfile.text_);
  if (!commands) return Unexpected<std::string>(commands.error());
  modelfile.commands_ = std::move(*commands);
  for (const ModelfileCommand& command : modelfile.commands_) {
    if (command.kind == Kind::kFrom) return modelfile;
  }
  return Unexpected<std::string>("there is no FROM line");
}

std::vector<std::pair<std::string, std::string>> Modelfile::Parameters() const {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const ModelfileCommand& command : commands_) {
    if (command.kind == Kind::kParameter) parameters.emplace_back(command.name, command.value);
  }
  return parameters;
}

std::string Modelfile::WithParameters(
    const std::vector<std::pair<std::string, std::string>>& parameters) const {
  std::string text =
      WithCommands([&](const ModelfileCommand& command) -> std::optional<std::string> {
        const bool is_set =
            std::any_of(parameters.begin(), parameters.end(),
                        [&](const auto& parameter) { return parameter.first == command.name; });
        if (command.kind != Kind::kParameter || !is_set) return std::nullopt;
        return std::string();
      }).text();
  if (!text.empty() && !IsLineEnd(text.back())) text += '\n';
  for (const auto& [name, value] : parameters) {
    text += fmt::format("PARAMETER {} {}\n", name, value);
  }
  return text;
}

Modelfile Modelfile::WithFrom(const std::string& from) const {
  bool is_first = true;
  return WithCommands([&](const ModelfileCommand& command) -> std::optional<std::string> {
    if (command.kind != Kind::kFrom) return std::nullopt;
    return std::exchange(is_first, false) ? fmt::format("FROM {}\n", from) : std::string();
  });
}

Modelfile Modelfile::WithCommands(
    const std::function<std::optional<std::string>(const ModelfileCommand&)>& replace) const {
  std::string text;
  std::size_t copied = 0;
  for (const ModelfileCommand& command : commands_) {
    const auto line = replace(command);
    if (!line) continue;
    text += std::string_view(text_).substr(copied, command.begin - copied);
    text += *line;
    copied = command.end;
  }
  text += std::string_view(text_).substr(copied);
  return Parse(text).value();
}

namespace {

bool IsSameFile(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error);
}

// A command that names a file, and the file.
struct NamedFile {
  const ModelfileCommand* command;
  fs::path path;
};

Modelfile WithAbsolutePaths(const Modelfile& modelfile, const std::vector<NamedFile>& files) {
  return modelfile.WithCommands([&](const ModelfileCommand& command) -> std::optional<std::string> {
    const auto file = std::find_if(files.begin(), files.end(), [&](const NamedFile& named) {
      return named.command == &command;
    });
    if (file == files.end()) return std::nullopt;
    return fmt::format("{} {}\n", command.kind == Kind::kAdapter ? "ADAPTER" : "DRAFT",
                       Quoted(file->path));
  });
}

}  // namespace

Expected<ModelfileTemplate, std::string> ResolveModelfile(const Modelfile& modelfile,
                                                          const fs::path& folder) {
  ModelfileTemplate resolved;
  std::vector<NamedFile> others;
  for (const ModelfileCommand& command : modelfile.commands()) {
    if (command.kind == Kind::kParameter || command.kind == Kind::kText) continue;
    const auto found = Find(command, folder);
    if (!found) return Unexpected<std::string>(found.error());
    const bool is_from = command.kind == Kind::kFrom;
    if (is_from && found->exists) {
      resolved.weights.push_back(found->path);
    } else if (is_from && IsValidModelName(command.value)) {
      resolved.base = command.value;
    } else if (!found->exists) {
      return Wrong(command,
                   fmt::format("there is no file {}{}", Printable(found->path.string(), false),
                               is_from ? ", and FROM names no model" : ""));
    } else {
      others.push_back({&command, found->path});
      resolved.others.push_back(found->path);
    }
  }
  for (const NamedFile& other : others) {
    if (other.command->kind != Kind::kDraft) continue;
    for (const fs::path& file : resolved.weights) {
      if (IsSameFile(other.path, file)) return Wrong(*other.command, "DRAFT is the file of FROM");
    }
  }
  // Ollama leaves the files aside where a model is named.
  if (!resolved.base.empty()) resolved.weights.clear();
  resolved.modelfile = WithAbsolutePaths(modelfile, others);
  return resolved;
}

std::string FromLines(const std::vector<fs::path>& files) {
  std::string lines;
  for (const fs::path& file : files) lines += fmt::format("FROM {}\n", Quoted(file));
  return lines;
}

}  // namespace ollama_bench
