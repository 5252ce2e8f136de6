#include "support/stand_in/models.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "support/stand_in/tokens.h"

namespace ollama_bench::stand_in {
namespace {

Model Base(const std::string& name) {
  Model model;
  model.name = FullName(name);
  model.digest = FakeDigest("manifest of " + model.name);
  model.weights = FakeDigest("weights of " + model.name);
  // The template of SmolLM2 sets these (v0.11.4/api_show.json).
  model.parameters = {{"stop", "<|im_start|>"}, {"stop", "<|im_end|>"}};
  return model;
}

// A weights file: imported by its content (v0.11.4/create_base.stderr, create_junk_file.stderr).
Expected<Model, std::string> Import(const std::string& name, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(4096, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  if (head.substr(0, 4) != "GGUF") {
    return Unexpected<std::string>("supplied file was not in GGUF format");
  }
  Model model = Base(name);
  model.size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  model.weights = FakeDigest(head + std::to_string(model.size));
  if (head.substr(4, 4) == "clip") model.capabilities = {"vision"};  // a projector
  return model;
}

// Several files make one model, in whatever order: weights and a projector.
Expected<Model, std::string> ImportAll(const std::string& name, const Modelfile& modelfile,
                                       const std::filesystem::path& folder) {
  Model model = Base(name);
  model.size = 0;
  std::set<std::string> weights;
  std::set<std::string> capabilities;
  for (const std::string& from : modelfile.all_from) {
    const auto imported = Import(name, folder / from);
    if (!imported) return imported;
    model.size += imported->size;
    weights.insert(imported->weights);
    capabilities.insert(imported->capabilities.begin(), imported->capabilities.end());
  }
  model.weights = *weights.begin();
  if (weights.size() > 1) {
    std::string all;
    for (const std::string& digest : weights) all += digest;
    model.weights = FakeDigest(all);
  }
  model.capabilities.assign(capabilities.begin(), capabilities.end());
  return model;
}

std::string Content(const Model& model, const std::string& texts) {
  std::string content = model.weights + "\n" + texts;
  for (const auto& [name, value] : model.parameters) content += name + " " + value + "\n";
  return content;
}

}  // namespace

std::string FullName(const std::string& name) {
  return name.find(':') == std::string::npos ? name + ":latest" : name;
}

std::string FakeDigest(std::string_view content) {
  std::string digest;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    char part[17];
    std::snprintf(part, sizeof part, "%016llx",
                  static_cast<unsigned long long>(Hash(content, Hash("seed") + seed)));
    digest += part;
  }
  return digest;
}

std::optional<std::int64_t> IntParameter(const Parameters& parameters, const std::string& name) {
  std::optional<std::int64_t> value;
  for (const auto& [key, text] : parameters) {
    if (key == name) value = std::strtoll(text.c_str(), nullptr, 10);
  }
  return value;
}

// Case does not count (types/model/name.go, EqualFold).
bool IsNamed(const Model& model, const std::string& name) {
  const std::string full = FullName(name);
  return std::equal(
      full.begin(), full.end(), model.name.begin(), model.name.end(),
      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

Models::Models(const Script& script) {
  const Json listed = script.Get("models", Json::array({{{"name", "smollm2:latest"}}}));
  for (const Json& entry : listed) {
    Model model = Base(entry.at("name").get<std::string>());
    model.trained_context = entry.value("trained_context", model.trained_context);
    model.size = entry.value("size", model.size);
    model.capabilities = entry.value("capabilities", model.capabilities);
    model.remote_host = entry.value("remote_host", model.remote_host);
    Put(model);
  }
}

void Models::ReadFolder(const Script& script, const std::string& folder) {
  namespace fs = std::filesystem;
  const fs::path manifests = fs::path(folder) / "manifests";
  if (folder.empty() || !fs::is_directory(manifests)) return;
  const Models listed(script);
  models_.clear();
  for (const auto& entry : fs::recursive_directory_iterator(manifests)) {
    if (!entry.is_regular_file()) continue;
    const fs::path path = entry.path();
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const Json manifest = Json::parse(text, nullptr, false);
    std::string blob = manifest.at("layers").at(0).at("digest");
    blob[blob.find(':')] = '-';
    if (!std::ifstream(fs::path(folder) / "blobs" / blob)) continue;
    const std::string name =
        path.parent_path().filename().string() + ":" + path.filename().string();
    const Model* attributes = listed.Find(name);
    Model model = attributes == nullptr ? Base(name) : *attributes;
    model.digest = FakeDigest(text);
    model.weights = FakeDigest(blob);
    Put(model);
  }
}

const Model* Models::Find(const std::string& name) const {
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const Model& model) { return IsNamed(model, name); });
  return found == models_.end() ? nullptr : &*found;
}

Expected<Model, std::string> Models::Create(const std::string& name, const Modelfile& modelfile,
                                            const std::string& folder) {
  // FROM is a path, relative to the Modelfile's folder, where one exists there, else a name.
  const std::filesystem::path path = std::filesystem::path(folder) / modelfile.from;
  Model model;
  if (std::filesystem::is_regular_file(path)) {
    const auto imported = ImportAll(name, modelfile, folder);
    if (!imported) return imported;
    model = *imported;
  } else if (const Model* parent = Find(modelfile.from);
             parent != nullptr && parent->name == FullName(modelfile.from)) {
    model = *parent;
    model.parent = parent->name;
  } else if (modelfile.from.find_first_of("./") == 0) {
    return Unexpected<std::string>("invalid model name");  // create_missing_file.stderr
  } else {
    return Unexpected<std::string>("pull model manifest: file does not exist");
  }
  for (const auto& [key, value] : modelfile.parameters) {
    const std::string error = ParameterError(key, value);
    if (!error.empty()) return Unexpected<std::string>(error);
    // The parent's parameters are inherited; a scalar of the same name is replaced.
    if (key != "stop")
      std::erase_if(model.parameters, [&name = key](auto& p) { return p.first == name; });
    model.parameters.emplace_back(key, value);
  }
  model.name = FullName(name);
  model.digest = FakeDigest(Content(model, modelfile.texts));
  Put(model);
  return model;
}

bool Models::Remove(const std::string& name) {
  return std::erase_if(models_, [&](const Model& m) { return IsNamed(m, name); }) > 0;
}

void Models::Put(Model model) {
  Remove(model.name);
  // The newest stands first in `ollama list` and /api/tags.
  models_.insert(models_.begin(), std::move(model));
}

Json Models::Save() const {
  Json saved = Json::array();
  for (const Model& model : models_) {
    saved.push_back({{"name", model.name},
                     {"digest", model.digest},
                     {"weights", model.weights},
                     {"parent", model.parent},
                     {"parameters", model.parameters},
                     {"trained_context", model.trained_context},
                     {"size", model.size},
                     {"capabilities", model.capabilities},
                     {"remote_host", model.remote_host}});
  }
  return saved;
}

void Models::Restore(const Json& saved) {
  models_.clear();
  for (const Json& entry : saved) {
    models_.push_back(
        {entry.at("name"), entry.at("digest"), entry.at("weights"), entry.at("parent"),
         entry.at("parameters").get<Parameters>(), entry.at("trained_context"), entry.at("size"),
         entry.at("capabilities").get<std::vector<std::string>>(), entry.at("remote_host")});
  }
}

}  // namespace ollama_bench::stand_in
