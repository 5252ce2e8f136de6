// What cannot be measured is refused before anything is made or sent.
#include <filesystem>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class UnmeasurableTest : public RunFixture {
 protected:
  // Restarts with these models, as the server reads them once.
  void Serve(const Json& models) {
    Json script = Script(Json::array());
    script["models"] = models;
    server_.SetScript(script);
    server_.Kill();
    std::filesystem::remove_all(server_.folder() / "models");
    std::filesystem::create_directory(server_.folder() / "models");
    server_.Start();
  }
  [[nodiscard]] Ended Run(const std::string& command, std::vector<std::string> more) const {
    more.insert(more.begin(), {command, "--ctx", "1024,2048", "--batch", "64", "--confirm", "0"});
    return RunProgram(Command(more));
  }
  // Nothing was made, removed, downloaded, loaded or sent.
  void ExpectUntouched() const {
    const std::set<std::string> harmless = {"serve",           "version",       "list",
                                            "http/api/tags",   "http/api/show", "http/api/ps",
                                            "http/api/version"};
    for (const Json& call : server_.Calls()) {
      const std::string what = call["command"].get<std::string>() + call.value("path", "");
      EXPECT_TRUE(harmless.contains(what)) << call;
    }
  }
};

TEST_F(UnmeasurableTest, AModelThatRunsElsewhereOrDoesNotAnswerWithText) {
  Serve(Json::array({{{"name", "big:120b-cloud"}, {"remote_host", "https://ollama.com:443"}},
                     {{"name", "mine"}, {"remote_host", "http://10.0.0.9:11434"}},
                     {{"name", "embed"}, {"capabilities", {"embedding"}}},
                     {{"name", "flux"}, {"capabilities", {"image"}}}}));
  const std::pair<const char*, const char*> refused[] = {
      {"big:120b-cloud", "runs on another computer (https://ollama.com:443)"},
      {"mine", "runs on another computer (http://10.0.0.9:11434)"},
      {"gone:7b-cloud", "a model of its cloud"},
      {"embed", "makes embeddings"},
      {"flux", "makes pictures"}};
  for (const auto& [model, why] : refused) {
    for (const char* driver : {"cli", "api"}) {
      const Ended ended = Run("run", {"--model", model, "--driver", driver});
      EXPECT_EQ(ended.exit_code, 3) << model;
      EXPECT_NE(ended.err.find(why), std::string::npos) << ended.err;
      const Ended planned = Run("plan", {"--model", model, "--driver", driver});
      EXPECT_NE((planned.out + planned.err).find(why), std::string::npos) << planned.out;
    }
  }
  Write("Modelfile", "FROM embed\n");
  const Ended ended = Run("run", {"--modelfile", "Modelfile"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("makes embeddings"), std::string::npos) << ended.err;
  ExpectUntouched();
}

TEST_F(UnmeasurableTest, APromptThatNamesAPictureWhichTheProgramWouldAttach) {
  Serve(Json::array(
      {{{"name", "see"}, {"capabilities", {"completion", "vision"}}}, {{"name", "blind"}}}));
  const std::string picture = (server_.folder() / "shot.PNG").string();
  Write("shot.PNG", "not even a picture");
  const std::string prompt =
      "Both/and: /tmp, see " + std::string(200, 'x') + "\nThe figure in " + picture + " shows it.";
  const Ended ended = Run("run", {"--model", "see", "--driver", "cli", "--prompt", prompt});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("the prompt names " + picture), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("--driver api"), std::string::npos) << ended.err;
  const Ended planned = Run("plan", {"--model", "see", "--driver", "cli", "--prompt", prompt});
  EXPECT_EQ(planned.exit_code, 2) << planned.out << planned.err;
  ExpectUntouched();
  EXPECT_EQ(Run("run", {"--model", "see", "--driver", "api", "--prompt", prompt}).exit_code, 0);
  EXPECT_EQ(Run("run", {"--model", "blind", "--driver", "cli", "--prompt", prompt, "--results",
                        "blind.json"})
                .exit_code,
            0);
}

TEST_F(UnmeasurableTest, AModelfileThatOllamaRefuses) {
  Write("w.gguf", "GGUF weights");
  const std::pair<const char*, const char*> refused[] = {
      {"FROM smollm2\nPARAMETER num_ctx 8k\n", "line 2: num_ctx must be a whole number"},
      {"FROM smollm2\nPARAMETER temperature 0.7   # calm\n",
       "line 2: temperature must be a number"},
      {"FROM smollm2\nPARAMETER use_mmap yes\n", "line 2: use_mmap must be true or false"},
      {"FROM smollm2\nPARAMETER num_ctxx 1\n", "line 2: Ollama knows no parameter"},
      {"FROM smollm2\nMESSAGE tool hello\n", "line 2: MESSAGE needs a role"},
      {"FROM w.gguf\nSYSTEM \"open\n", "line 2: a quote is opened and never closed"},
      {"FROM w.gguf\nADAPTER gone\n", "line 2: there is no file"},
      {"FROM ./gone.gguf\n", "line 1: there is no file"},
      {"PARAMETER num_ctx 1\n", "there is no FROM line"}};
  for (const auto& [text, why] : refused) {
    Write("Modelfile", text);
    for (const char* command : {"run", "plan", "tune"}) {
      const Ended ended = RunProgram(Command(
          {command, "--modelfile", "Modelfile", "--ctx", "1024,2048", "--batch", "64,128"}));
      EXPECT_EQ(ended.exit_code, 2) << command << ": " << text << ended.err;
      EXPECT_NE((ended.out + ended.err).find(why), std::string::npos) << ended.out << ended.err;
    }
  }
  ExpectUntouched();
}

TEST_F(UnmeasurableTest, WhatOnlyTheServerRefusesEndsTheRunAtOnceAndLeavesNothing) {
  Play(Json::array({Rule("create", Json::object(), {{"error", "template error: :1: no"}})}));
  Write("Modelfile", "FROM smollm2\nTEMPLATE \"{{ if\"\n");
  const auto before = Models();
  const Ended ended = Run("run", {"--modelfile", "Modelfile"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("ollama create: template error"), std::string::npos) << ended.err;
  EXPECT_EQ(CallsOf("create"), 1);
  EXPECT_EQ(Models(), before);
  EXPECT_FALSE(std::filesystem::exists(server_.folder() / "benchmark_results.json"));
}

TEST_F(UnmeasurableTest, WeightsThatMakeEmbeddingsAreKnownByTheFirstModelMadeOfThem) {
  Write("clip.gguf", "GGUFclip alone");
  Write("Modelfile", "FROM ./clip.gguf\n");
  const auto before = Models();
  const Ended ended = Run("run", {"--modelfile", "Modelfile"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("does not answer with text"), std::string::npos) << ended.err;
  EXPECT_EQ(Models(), before);
  EXPECT_EQ(CallsOf("run"), 0);
}

TEST_F(UnmeasurableTest, ModelAndProjectorAreMeasuredTogetherInAnyOrder) {
  Write("w.gguf", "GGUF weights");
  Write("p.gguf", "GGUFclip projector");
  Write("shot.png", "picture");
  const std::string picture = (server_.folder() / "shot.png").string();
  for (const char* text : {"FROM w.gguf\nFROM ./p.gguf\n", "FROM ./p.gguf\nFROM w.gguf\n"}) {
    Write("Modelfile", text);
    const auto before = Models();
    // That the model sees shows that the projector is part of it.
    const Ended ended = Run("run", {"--modelfile", "Modelfile", "--prompt", "See " + picture});
    EXPECT_EQ(ended.exit_code, 2) << text << ended.err;
    const Ended measured = Run("run", {"--modelfile", "Modelfile", "--prompt", "See the picture"});
    EXPECT_EQ(measured.exit_code, 0) << text << measured.err;
    EXPECT_EQ(Models(), before);
    std::filesystem::remove(server_.folder() / "benchmark_results.json");
  }
}

TEST_F(UnmeasurableTest, TheCurrentSettingIsReadByTheSameRules) {
  Write("Modelfile",
        "FROM smollm2\nPARAMETER num_ctx \"2048\"\nPARAMETER num_batch \"\"\"256\"\"\"\n");
  const Ended ended = Run("plan", {"--modelfile", "Modelfile"});
  EXPECT_NE((ended.out + ended.err).find("num_ctx=2048 num_batch=256"), std::string::npos)
      << ended.out << ended.err;
}

}  // namespace
}  // namespace ollama_bench::testing
