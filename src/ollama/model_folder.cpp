#include "ollama_bench/ollama/model_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kRenameRemedy =
    "start the server that owns it once by hand (`ollama serve`): it renames them";

Unexpected<std::string> Fail(std::string message) {
  return Unexpected<std::string>(std::move(message));
}

// For this process's effective user, who also opens the files.
bool MayUse(const fs::path& path, int mode) {
  return faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

std::string OwnerOf(const struct stat& status) {
  const passwd* user = getpwuid(status.st_uid);
  return user == nullptr ? std::to_string(status.st_uid) : user->pw_name;
}

std::string GroupOf(const struct stat& status) {
  const group* entry = getgrgid(status.st_gid);
  return entry == nullptr ? std::to_string(status.st_gid) : entry->gr_name;
}

// The folder on the way to `path` that lets nobody of ours through, else `path` itself.
fs::path WhatBlocks(const fs::path& path) {
  fs::path way;
  for (const fs::path& part : path) {
    way /= part;
    if (way != path && !MayUse(way, X_OK)) return way;
  }
  return path;
}

// What to do about a `path` that this user may not read.
std::string Denied(const fs::path& path) {
  const fs::path blocker = WhatBlocks(path);
  struct stat status {};
  if (stat(blocker.c_str(), &status) != 0) {
    return fmt::format("{}: {}", blocker.string(), std::strerror(errno));
  }
  const bool is_folder = S_ISDIR(status.st_mode);
  const mode_t needed = is_folder ? S_IRGRP | S_IXGRP : S_IRGRP;
  const std::string owner = OwnerOf(status);
  const std::string group = GroupOf(status);
  const std::string fix =
      (status.st_mode & needed) == needed
          ? fmt::format("its group may: sudo usermod -aG {} $USER, then log in again", group)
          : fmt::format("run as its owner: sudo -u {} ollama-bench …", owner);
  return fmt::format("{} belongs to {}:{} (mode {:03o}), and this user may not {} it; {}",
                     blocker.string(), owner, group, status.st_mode & 0777,
                     is_folder ? "read" : "open", fix);
}

enum class Look { kUsable, kAbsent, kDenied };

Look LookAt(const fs::path& folder) {
  struct stat status {};
  for (const fs::path& each : {folder, folder / "manifests", folder / "blobs"}) {
    if (stat(each.c_str(), &status) != 0) return errno == EACCES ? Look::kDenied : Look::kAbsent;
    if (!S_ISDIR(status.st_mode)) return Look::kAbsent;
    // A folder that may not be searched hides what it holds.
    if (!MayUse(each, R_OK | X_OK)) return Look::kDenied;
  }
  return Look::kUsable;
}

std::string DeniedPartOf(const fs::path& folder) {
  for (const fs::path& each : {folder, folder / "manifests", folder / "blobs"}) {
    if (!MayUse(each, R_OK | X_OK)) return Denied(each);
  }
  return Denied(folder);
}

Expected<fs::path, std::string> Checked(const fs::path& folder) {
  std::error_code error;
  for (const auto& blob : fs::directory_iterator(folder / "blobs", error)) {
    const std::string name = blob.path().filename().string();
    if (!name.starts_with("sha256:")) continue;
    return Fail(
        fmt::format("{}/blobs has files with names of an old Ollama ({}…), which the start "
                    "of a server would rename; {}",
                    folder.string(), name.substr(0, 14), kRenameRemedy));
  }
  return fs::absolute(folder).lexically_normal();
}

// As Ollama reads its variables.
fs::path FolderIn(const std::string& variable) {
  return fs::path(Trim(Trim(variable), "\"'"));
}

struct Manifest {
  std::string name;  // as the server lists it
  fs::path path;     // below `manifests`
};

// manifests/HOST/NAMESPACE/MODEL/TAG
std::vector<Manifest> ManifestsOf(const fs::path& folder) {
  std::vector<Manifest> found;
  const fs::path top = folder / "manifests";
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(top, options, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it.depth() != 3 || !it->is_regular_file(error)) continue;
    const fs::path path = it->path().lexically_relative(top);
    const fs::path model = path.parent_path();
    const std::string name = model.generic_string() + ":" + path.filename().string();
    if (IsValidModelName(name)) found.push_back({NormalizeModelName(name), path});
  }
  std::sort(found.begin(), found.end(),
            [](const Manifest& a, const Manifest& b) { return a.name < b.name; });
  return found;
}

std::string NotThere(const fs::path& folder, const std::string& model,
                     const std::vector<Manifest>& there) {
  std::vector<std::string> names;
  for (const Manifest& manifest : there) names.push_back(manifest.name);
  const std::string near = NearestSpelling(NormalizeModelName(model), names);
  std::string text = fmt::format("{} has no model {}", folder.string(), model);
  text += near.empty() ? "." : fmt::format("; did you mean {}?", near);
  if (names.empty()) return text + " It has none: ollama pull " + model;
  constexpr std::size_t kShown = 20;
  text += " It has ";
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

// "sha256-…" for "sha256:…"; empty for anything else, which must not become part of a path.
std::string BlobName(const json& layer) {
  if (!layer.is_object() || !layer.contains("digest") || !layer["digest"].is_string()) return {};
  std::string name = layer["digest"].get<std::string>();
  constexpr std::size_t kPrefix = 7;
  constexpr std::size_t kDigits = 64;
  const bool is_digest = name.size() == kPrefix + kDigits &&
                         (name.starts_with("sha256:") || name.starts_with("sha256-")) &&
                         name.find_first_not_of("0123456789abcdef", kPrefix) == std::string::npos;
  if (!is_digest) return {};
  name[kPrefix - 1] = '-';
  return name;
}

// The blobs that a manifest names.
Expected<std::vector<std::string>, std::string> BlobsOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Fail(Denied(file));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const json manifest = json::parse(text, nullptr, false);
  if (!manifest.is_object() || !manifest.contains("layers") || !manifest["layers"].is_array()) {
    return Fail(file.string() + " is no manifest of a model; pull the model again");
  }
  std::vector<json> layers(manifest["layers"].begin(), manifest["layers"].end());
  if (manifest.contains("config")) layers.push_back(manifest["config"]);
  std::vector<std::string> names;
  for (const json& layer : layers) {
    names.push_back(BlobName(layer));
    if (names.back().empty()) {
      return Fail(file.string() + " names a blob by no SHA-256; pull the model again");
    }
  }
  return names;
}

Expected<void, std::string> LinkBlob(const fs::path& blob, const fs::path& link,
                                     const std::string& model) {
  struct stat status {};
  if (stat(blob.c_str(), &status) != 0) {
    if (errno == EACCES) return Fail(Denied(blob));
    return Fail(fmt::format("{} is missing, of {}; pull the model again: ollama pull {}",
                            blob.string(), model, model));
  }
  if (!MayUse(blob, R_OK)) return Fail(Denied(blob));
  std::error_code error;
  fs::create_symlink(blob, link, error);
  if (error && error != std::errc::file_exists) {
    return Fail(fmt::format("{}: {}", link.string(), error.message()));
  }
  return {};
}

bool LiesIn(const fs::path& inner, const fs::path& outer) {
  std::error_code error;
  const fs::path a = fs::weakly_canonical(inner, error);
  const fs::path b = fs::weakly_canonical(outer, error);
  return std::mismatch(b.begin(), b.end(), a.begin(), a.end()).first == b.end();
}

Expected<void, std::string> MirrorOne(const fs::path& folder, const Manifest& manifest,
                                      const fs::path& into) {
  const fs::path file = folder / "manifests" / manifest.path;
  const auto blobs = BlobsOf(file);
  if (!blobs) return Fail(blobs.error());
  for (const std::string& blob : *blobs) {
    const auto linked = LinkBlob(folder / "blobs" / blob, into / "blobs" / blob, manifest.name);
    if (!linked) return linked;
  }
  const fs::path copy = into / "manifests" / manifest.path;
  std::error_code error;
  fs::create_directories(copy.parent_path(), error);
  if (!error) fs::copy_file(file, copy, fs::copy_options::overwrite_existing, error);
  if (error) return Fail(fmt::format("{}: {}", copy.string(), error.message()));
  return {};
}

}  // namespace

std::vector<fs::path> UsualModelFolders(const fs::path& home) {
  std::vector<fs::path> folders;
  if (!home.empty()) folders.push_back(home / ".ollama" / "models");
  folders.emplace_back("/usr/share/ollama/.ollama/models");
  return folders;
}

Expected<fs::path, std::string> FindModelFolder(const ModelFolderPlaces& places) {
  std::vector<fs::path> candidates;
  if (places.named) {
    candidates.push_back(*places.named);
  } else {
    for (const std::string& variable : {places.own_variable, places.server_variable}) {
      if (!FolderIn(variable).empty()) candidates.push_back(FolderIn(variable));
    }
    candidates.insert(candidates.end(), places.usual.begin(), places.usual.end());
  }
  std::string looked_at;
  for (const fs::path& candidate : candidates) {
    switch (LookAt(candidate)) {
      case Look::kUsable:
        return Checked(candidate);
      case Look::kDenied:
        return Fail("cannot read the models: " + DeniedPartOf(candidate));
      case Look::kAbsent:
        looked_at += (looked_at.empty() ? "" : ", ") + candidate.string();
        break;
    }
  }
  if (places.named) {
    return Fail(looked_at + " is no folder of models: it has no manifests and blobs");
  }
  return Fail(fmt::format("no folder of models found (looked at {}); name it with --models DIR",
                          looked_at));
}

Expected<void, std::string> MirrorModels(const fs::path& folder,
                                         const std::vector<std::string>& models,
                                         const fs::path& into) {
  if (LiesIn(into, folder)) return Fail(into.string() + " lies in the models' own folder");
  std::error_code error;
  fs::create_directories(into / "blobs", error);
  if (!error) fs::create_directories(into / "manifests", error);
  if (error) return Fail(fmt::format("{}: {}", into.string(), error.message()));
  // A link's target is meant from where the link is.
  const fs::path source = fs::absolute(folder).lexically_normal();
  const std::vector<Manifest> there = ManifestsOf(source);
  for (const std::string& model : models) {
    const auto found = std::find_if(there.begin(), there.end(), [&](const Manifest& manifest) {
      return IsSameModelName(manifest.name, model);
    });
    if (found == there.end()) return Fail(NotThere(folder, model, there));
    const auto mirrored = MirrorOne(source, *found, into);
    if (!mirrored) return mirrored;
  }
  return {};
}

}  // namespace ollama_bench
