#include "support/stand_in/state.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "support/stand_in/server_setting.h"

namespace ollama_bench::stand_in {
namespace {

Script LoadOrEnd(const std::string& path) {
  auto script = Script::Load(path);
  if (script) return std::move(*script);
  std::fprintf(stderr, "%s\n", script.error().c_str());
  std::_Exit(2);
}

}  // namespace

State::State(std::string script_path, std::string file)
    : script(LoadOrEnd(script_path)),
      models(script),
      engine(script, models),
      script_path_(std::move(script_path)),
      file_(std::move(file)) {
  if (std::ifstream saved(file_, std::ios::binary); saved) {
    const Json json = Json::parse(saved);
    models.Restore(json.at("models"));
    counts_ = json.at("counts").get<std::vector<std::int64_t>>();
  }
  models.ReadFolder(script, std::filesystem::path(file_).parent_path().string());
}

Json State::Begin(const Call& call, Json details) {
  script = LoadOrEnd(script_path_);
  details["command"] = call.command;
  if (!call.path.empty()) details["path"] = call.path;
  if (!call.model.empty()) details["model"] = call.model;
  if (call.num_ctx) details["num_ctx"] = *call.num_ctx;
  if (call.num_batch) details["num_batch"] = *call.num_batch;
  WriteJournal({{"call", details}});
  calls.push_back(std::move(details));
  Json act = script.Find(call, counts_);
  if (!counts_.empty()) Save();
  return act;
}

void State::Save() const {
  if (file_.empty()) return;
  const std::string temporary = file_ + ".new";
  std::ofstream(temporary, std::ios::binary)
      << Json{{"models", models.Save()}, {"counts", counts_}}.dump();
  std::rename(temporary.c_str(), file_.c_str());
}

}  // namespace ollama_bench::stand_in
