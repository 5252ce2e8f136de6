#include "support/stand_in/commands.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string_view>

#include "support/stand_in/server_setting.h"
#include "support/stand_in/terminal.h"
#include "support/stand_in/tokens.h"

namespace ollama_bench::stand_in {
namespace {

struct Arguments {
  std::vector<std::string> words;            // the command's own arguments
  std::map<std::string, std::string> flags;  // "--verbose" → "", "--file" → its value
  std::string error;
};

Arguments Parse(const std::vector<std::string>& given,
                std::initializer_list<std::string_view> plain,
                std::initializer_list<std::string_view> with_value) {
  const auto among = [](auto names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  Arguments result;
  for (std::size_t i = 1; i < given.size(); ++i) {
    std::string flag = given[i].substr(0, given[i].find('='));
    if (flag == "-f") flag = "--file";
    if (flag.size() < 2 || flag[0] != '-') {
      result.words.push_back(given[i]);
    } else if (among(plain, flag)) {
      result.flags[flag] = "";
    } else if (!among(with_value, flag)) {
      result.error = "unknown flag: " + flag;  // v0.11.4/run_unknown_flag.stderr
      return result;
    } else if (flag != given[i] && given[i].find('=') != std::string::npos) {
      result.flags[flag] = given[i].substr(given[i].find('=') + 1);
    } else if (i + 1 < given.size()) {
      result.flags[flag] = given[++i];
    }
  }
  return result;
}

Performance Fail(const std::string& before, const std::string& error) {
  return {"", before + "Error: " + error + "\n", 1, nullptr};
}

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A rule's own ending of a command, in place of `usual`. `before` is what Ollama prints ahead of
// an error.
Performance Scripted(const Json& act, const std::string& before, Performance usual) {
  Performance result = std::move(usual);
  if (act.is_null()) return result;
  if (act.contains("transcript")) {
    const std::string base =
        OLLAMA_BENCH_TEST_DATA "/transcripts/" + act.at("transcript").get<std::string>();
    result.out = FileText(base + ".stdout");
    result.err = FileText(base + ".stderr");
    result.exit = std::stoi(FileText(base + ".exit"));
  } else if (act.contains("error")) {
    result = Fail(before, act.at("error"));
  }
  result.out = act.value("stdout", result.out);
  result.err = act.value("stderr", result.err);
  result.exit = act.value("exit", result.exit);
  result.act = act;
  return result;
}

std::string Joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

Call CallOf(const std::string& command, const Model* model, const std::string& name) {
  Call call{command, "", name.empty() ? "" : FullName(name), {}, {}};
  if (model != nullptr) {
    call.num_ctx = IntParameter(model->parameters, "num_ctx");
    call.num_batch = IntParameter(model->parameters, "num_batch");
  }
  return call;
}

Performance RunPrompt(State& state, const Model& model, const std::string& prompt, bool verbose,
                      const Json& act) {
  const Answer answer = state.engine.Run(state.script, model, {prompt, false, {}}, act);
  if (!answer.error.empty()) {
    return Fail(std::string(SpinnerEnd()), "500 Internal Server Error: " + answer.error);
  }
  const Metrics& metrics = answer.metrics;
  // v0.11.4/run_cold.stderr: spinner until the first token, a mark for each piece, the block.
  const std::string waited = Spinner(metrics.total - metrics.eval) + std::string(SpinnerEnd());
  Performance usual;
  usual.out = Joined(answer.pieces, "") + "\n\n";
  usual.err = waited;
  for (std::int64_t i = 0; i < metrics.eval_tokens; ++i) usual.err += PieceMark();
  const bool lost = answer.metrics_lost || (!act.is_null() && act.value("no_metrics", false));
  if (verbose && !lost) {
    usual.err += VerboseBlock(metrics, state.behaviour().tells_cached());
    usual.err += PieceMark();
  }
  return Scripted(act, waited, usual);
}

Performance Run(State& state, const CommandLine& line) {
  Arguments arguments = Parse(
      line.arguments, {"--verbose", "--nowordwrap", "--insecure", "--hidethinking", "--think"},
      {"--keepalive", "--format"});
  if (!arguments.error.empty()) return Fail("", arguments.error);
  if (arguments.words.empty()) return Fail("", "requires at least 1 arg(s), only received 0");
  const std::string name = arguments.words.front();
  // Standard input stands first, then the words of the command line.
  arguments.words.front() = line.input;
  if (line.input.empty()) arguments.words.erase(arguments.words.begin());
  const std::string prompt = Joined(arguments.words, " ");

  const Model* model = state.models.Find(name);
  const Json act = state.Begin(CallOf("run", model, name), {{"argv", line.arguments},
                                                            {"words", Words(prompt).size()},
                                                            {"prompt", prompt.substr(0, 80)}});
  if (model == nullptr) {
    // v0.11.4/run_missing_model.stderr, with the server's other reason.
    return Scripted(
        act, "",
        Fail(StatusLines({"pulling manifest"}), "pull model manifest: file does not exist"));
  }
  if (prompt.empty()) {  // v0.11.4/run_empty_stdin.stderr
    return Scripted(act, "",
                    {"", std::string(SpinnerEnd()) + std::string(PieceMark()), 0, nullptr});
  }
  Performance result = RunPrompt(state, *model, prompt, arguments.flags.contains("--verbose"), act);
  if (!act.is_null() && act.value("unload", false)) state.engine.Drop(*model);
  return result;
}

Performance Create(State& state, const CommandLine& line) {
  const Arguments arguments =
      Parse(line.arguments, {"--experimental"}, {"--file", "--quantize", "-q"});
  if (!arguments.error.empty()) return Fail("", arguments.error);
  if (arguments.words.size() != 1) return Fail("", "accepts 1 arg(s), received 0");
  const auto flag = arguments.flags.find("--file");
  const std::filesystem::path path = std::filesystem::path(line.folder) /
                                     (flag == arguments.flags.end() ? "Modelfile" : flag->second);
  const bool is_there = std::filesystem::exists(path);
  const auto modelfile = ParseModelfile(is_there ? FileText(path) : "");
  Call call{"create", "", FullName(arguments.words.front()), {}, {}};
  if (modelfile) {
    call.num_ctx = IntParameter(modelfile->parameters, "num_ctx");
    call.num_batch = IntParameter(modelfile->parameters, "num_batch");
  }
  const Json act = state.Begin(call, {{"argv", line.arguments}});
  const std::string gathering = StatusLines({"gathering model components"});
  if (!act.is_null() && (act.contains("error") || act.contains("transcript"))) {
    return Scripted(act, gathering, {});
  }
  // "-f -" too: v0.11.4 looks for a file of that name (create_modelfile_missing.stderr).
  if (!is_there) return Scripted(act, "", Fail("", "no Modelfile or safetensors files found"));
  if (!modelfile) return Scripted(act, "", Fail(StatusLines({}), modelfile.error()));
  const auto model =
      state.models.Create(arguments.words.front(), *modelfile, path.parent_path().string());
  if (!model) {
    const bool named =
        state.behaviour().status_before_error() && model.error() == "invalid model name";
    return Scripted(act, "", Fail(gathering, (named ? "400 Bad Request: " : "") + model.error()));
  }
  state.Save();
  return Scripted(
      act, "",
      {"",
       StatusLines({"gathering model components", "using existing layer sha256:" + model->weights,
                    "creating new layer sha256:" + model->digest, "writing manifest", "success"}),
       0, nullptr});
}

Performance Remove(State& state, const CommandLine& line) {
  const Arguments arguments = Parse(line.arguments, {}, {});
  Performance result;
  for (const std::string& name : arguments.words) {
    const Model* model = state.models.Find(name);
    const Json act = state.Begin(CallOf("rm", model, name), {{"argv", line.arguments}});
    result.err += SpinnerEnd();
    if (!act.is_null() && act.contains("error")) return Scripted(act, result.err, {});
    // `rm` unloads first (v0.11.4/rm.stderr and rm_missing.stderr).
    if (model == nullptr) {
      return Scripted(act, "", Fail(result.err, "model '" + name + "' not found"));
    }
    state.engine.Unload(state.script, *model);
    state.models.Remove(name);
    result.out += "deleted '" + name + "'\n";
    result = Scripted(act, "", result);
  }
  state.Save();
  return result;
}

Performance List(State& state, const CommandLine& line) {
  const Json act = state.Begin(CallOf("list", nullptr, ""), {{"argv", line.arguments}});
  std::vector<std::vector<std::string>> rows;
  for (const Model& model : state.models.all()) {
    rows.push_back(
        {model.name, model.digest.substr(0, 12), HumanBytes(model.size), "3 minutes ago"});
  }
  return Scripted(act, "", {Table({"NAME", "ID", "SIZE", "MODIFIED"}, rows), "", 0, nullptr});
}

std::string Processor(const Runner& runner) {
  const std::int64_t gpu = 100 * runner.size_vram / runner.size;
  if (gpu == 0) return "100% CPU";
  if (gpu == 100) return "100% GPU";
  return std::to_string(100 - gpu) + "%/" + std::to_string(gpu) + "% CPU/GPU";
}

Performance ListLoaded(State& state, const CommandLine& line) {
  const Json act = state.Begin(CallOf("ps", nullptr, ""), {{"argv", line.arguments}});
  std::vector<std::vector<std::string>> rows;
  for (const Runner& runner : state.engine.Poll()) {
    const std::string until = runner.polls_left ? "Stopping..." : "4 minutes from now";
    rows.push_back({runner.model, runner.digest.substr(0, 12), HumanBytes(runner.size),
                    Processor(runner), std::to_string(runner.num_ctx), until});
  }
  return Scripted(
      act, "",
      {Table({"NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"}, rows), "", 0, nullptr});
}

Performance Stop(State& state, const CommandLine& line) {
  const std::string name = line.arguments.size() > 1 ? line.arguments[1] : "";
  const Model* model = state.models.Find(name);
  const Json act = state.Begin(CallOf("stop", model, name), {{"argv", line.arguments}});
  const std::string end(SpinnerEnd());
  if (model == nullptr) {  // v0.11.4/stop_missing.stderr
    return Scripted(act, end, Fail(end, "couldn't find model \"" + name + "\" to stop"));
  }
  state.engine.Unload(state.script, *model);
  return Scripted(act, end, {"", end, 0, nullptr});
}

Performance Show(State& state, const CommandLine& line) {
  const Arguments arguments =
      Parse(line.arguments, {"--modelfile", "--parameters", "--verbose"}, {});
  const std::string name = arguments.words.empty() ? "" : arguments.words.front();
  const Model* model = state.models.Find(name);
  const Json act = state.Begin(CallOf("show", model, name), {{"argv", line.arguments}});
  if (model == nullptr) {
    return Scripted(act, "", Fail("", "model '" + name + "' not found"));
  }
  // The lines that carry a number of the model, laid out as in v0.11.4/show.stdout.
  std::string text = "  Model\n    architecture        llama      \n    context length      " +
                     std::to_string(model->trained_context) + "       \n\n  Parameters\n";
  for (const auto& [key, value] : model->parameters) text += "    " + key + "    " + value + "\n";
  return Scripted(act, "", {text + "\n", "", 0, nullptr});
}

Performance Version(State& state, const CommandLine& line) {
  const Json act = state.Begin(CallOf("version", nullptr, ""), {{"argv", line.arguments}});
  return Scripted(act, "",
                  {"ollama version is " + state.behaviour().version() + "\n", "", 0, nullptr});
}

}  // namespace

Performance PlayCommand(State& state, const CommandLine& line) {
  using Player = Performance (*)(State&, const CommandLine&);
  static const std::map<std::string, Player> kPlayers = {
      {"run", Run},    {"create", Create},    {"rm", Remove}, {"list", List},
      {"ls", List},    {"ps", ListLoaded},    {"stop", Stop}, {"show", Show},
      {"-v", Version}, {"--version", Version}};
  const std::string command = line.arguments.empty() ? "" : line.arguments.front();
  const auto player = kPlayers.find(command);
  if (player == kPlayers.end()) {
    return Fail("", "unknown command \"" + command + "\" for \"ollama\"");
  }
  if (IsReadOnly() && (command == "create" || command == "rm")) {
    state.Begin(CallOf(command, nullptr, ""), {{"argv", line.arguments}});
    return Fail("", "this server is for reading");
  }
  return player->second(state, line);
}

}  // namespace ollama_bench::stand_in
