// Two ways to one server: Ollama's program and its API.
#include <filesystem>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

class ServerOfProgramTest : public RunFixture {
 protected:
  // An `ollama` of the user's own making. `does` is a shell script; $OLLAMA is the real one.
  void WriteWrapper(const std::string& does) const {
    Write("wrapper", "#!/bin/sh\nOLLAMA=" + StandInServer::Ollama().string() + "\n" + does + "\n");
    fs::permissions(server_.folder() / "wrapper", fs::perms::owner_all);
  }
  void WriteWrapperTo(const StandInServer& other) const {
    WriteWrapper("OLLAMA_HOST=" + other.host() + " exec $OLLAMA \"$@\"");
  }
  static int CallsTo(const StandInServer& server, const std::string& command,
                     const std::string& path = "") {
    int count = 0;
    for (const Json& call : server.Calls()) {
      count += call["command"] == command && call.value("path", "") == path ? 1 : 0;
    }
    return count;
  }
  [[nodiscard]] bool LeftNothing() const {
    return !fs::exists(server_.folder() / "benchmark_results.json");
  }
  [[nodiscard]] Json Finding(const std::string& topic, const std::string& level) const {
    const Ended ended = RunProgram(Command({"doctor", "--json", "--ollama", "./wrapper"}));
    const Json report = Json::parse(ended.out, nullptr, false);
    for (const Json& finding : report["findings"]) {
      if (finding["topic"] == topic && finding["level"] == level) return finding;
    }
    return {{"message", "none"}, {"remedy", ""}};
  }
};

TEST_F(ServerOfProgramTest, AModelThatTheApiDoesNotSeeIsRemovedAndTheRunRefused) {
  const StandInServer other(Script(Json::array()));
  WriteWrapperTo(other);
  const auto before = Models();
  const Json there = other.Get("/api/tags");
  const Ended ended = RunProgram(Sweep({"--ollama", "./wrapper"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("wrapper' reaches another server than ollama-bench, which asks "
                           "http://" +
                           server_.host()),
            std::string::npos)
      << ended.err;
  EXPECT_NE(ended.err.find("--driver api"), std::string::npos) << ended.err;
  EXPECT_EQ(Models(), before);
  EXPECT_EQ(other.Get("/api/tags"), there) << "removed where it was made";
  EXPECT_EQ(CallsTo(other, "create"), 1);
  EXPECT_EQ(CallsTo(other, "run") + CallsTo(server_, "create") +
                CallsTo(server_, "http", "/api/generate"),
            0);
  EXPECT_TRUE(LeftNothing()) << "so that the next start begins anew";
}

TEST_F(ServerOfProgramTest, NothingIsMadeWhereTheBaseModelWouldHaveToBeDownloaded) {
  Json script = Script(Json::array());
  script["models"] = Json::array({{{"name", "llama3:8b"}}});
  const StandInServer other(script);
  WriteWrapperTo(other);
  const Ended ended = RunProgram(Sweep({"--ollama", "./wrapper"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("wrapper list` shows no such model"), std::string::npos) << ended.err;
  EXPECT_EQ(CallsTo(other, "create") + CallsTo(other, "rm"), 0);
}

TEST_F(ServerOfProgramTest, AUsersModelOfTheChosenNameOnTheOtherServerIsNotTouched) {
  Json script = Script(Json::array());
  script["models"] = Json::array({{{"name", "smollm2:latest"}}, {{"name", "mine:latest"}}});
  const StandInServer other(script);
  WriteWrapperTo(other);
  const Ended ended = RunProgram(Sweep({"--ollama", "./wrapper", "--model-name", "mine"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(CallsTo(other, "create") + CallsTo(other, "rm"), 0) << ended.err;
}

TEST_F(ServerOfProgramTest, ATemporaryFolderThatTheProgramDoesNotSeeIsNamed) {
  WriteWrapper(
      "for word in \"$@\"; do case $word in */Modelfile) word=/not/here/Modelfile;; esac\n"
      "set -- \"$@\" \"$word\"; shift; done; exec $OLLAMA \"$@\"");
  const auto before = Models();
  const Ended ended = RunProgram(Sweep({"--ollama", "./wrapper"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("wrapper' cannot see the temporary folder"), std::string::npos)
      << ended.err;
  EXPECT_NE(ended.err.find("TMPDIR=$HOME"), std::string::npos) << ended.err;
  EXPECT_EQ(Models(), before);
  EXPECT_EQ(CallsOf("run"), 0);
  EXPECT_TRUE(LeftNothing());
  EXPECT_NE(Finding("client", "problem")["message"].get<std::string>().find("temporary folder"),
            std::string::npos);
}

TEST_F(ServerOfProgramTest, AProgramThatCannotConnectIsNotTakenForAServerThatWentAway) {
  WriteWrapper(
      "[ \"$1\" = --version ] && exec $OLLAMA \"$@\"\n"
      "echo 'Error: could not connect to ollama server, run ollama serve to start it' >&2; exit 1");
  const Ended ended = RunProgram(Sweep({"--ollama", "./wrapper"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("it answers ollama-bench, but not the program"), std::string::npos)
      << ended.err;
  EXPECT_EQ(ended.err.find("waiting for the server"), std::string::npos) << ended.err;
}

TEST_F(ServerOfProgramTest, TheProgramIsStartedWithoutAProxy) {
  WriteWrapper(
      "[ -z \"$HTTP_PROXY$http_proxy$HTTPS_PROXY$https_proxy\" ] || { echo 'Error: could not "
      "connect to ollama server' >&2; exit 1; }\nexec $OLLAMA \"$@\"");
  Program sweep = Sweep({"--ollama", "./wrapper"});
  for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"}) {
    sweep.environment.emplace_back(name, "http://me:secret@127.0.0.1:9");
  }
  const Ended ended = RunProgram(sweep);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  ExpectFullSweep();
}

TEST_F(ServerOfProgramTest, AServerThatOnlyAProxyReachesIsSaidToBeBehindIt) {
  Program program = Command({"doctor", "--host", "192.0.2.1:9"});
  program.environment.emplace_back("HTTP_PROXY", "http://me:secret@proxy.example:3128/");
  const Ended ended = RunProgram(program);
  std::string told = ended.out;
  std::erase(told, '\n');
  EXPECT_NE(told.find("HTTP_PROXY"), std::string::npos) << ended.out;
  EXPECT_NE(told.find("proxy.example:3128"), std::string::npos) << ended.out;
  EXPECT_EQ(told.find("secret"), std::string::npos) << ended.out;
}

TEST_F(ServerOfProgramTest, ThePathOfOllamaHostIsKept) {
  Json script = Script(Json::array());
  script["prefix"] = "/gpu2";
  server_.SetScript(script);
  server_.Kill();
  server_.Start();
  const Ended ended = RunProgram(Sweep({"--host", "http://" + server_.host() + "/gpu2/"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  ExpectFullSweep();
}

TEST_F(ServerOfProgramTest, APasswordInTheAddressIsNeverShown) {
  for (const char* command : {"run", "plan", "doctor", "tune"}) {
    std::vector<std::string> arguments = {command};
    if (arguments.front() != "doctor") {
      arguments.insert(arguments.end(),
                       {"--model", "smollm2", "--ctx", "1024,2048", "--batch", "64"});
    }
    Program program = Command(arguments);
    for (auto& [name, value] : program.environment) {
      if (name == "OLLAMA_HOST") value = "http://me:secret@" + server_.host();
    }
    const Ended ended = RunProgram(program);
    EXPECT_EQ(ended.exit_code, 2) << command << ended.err;
    EXPECT_EQ((ended.out + ended.err).find("secret"), std::string::npos) << ended.out << ended.err;
  }
}

TEST_F(ServerOfProgramTest, DoctorNamesWhatDiffersAndMakesNothing) {
  Json script = Script(Json::array());
  script["models"] = Json::array({{{"name", "llama3:8b"}}});
  const StandInServer other(script);
  WriteWrapperTo(other);
  const auto before = Models();
  const Json there = other.Get("/api/tags");
  const Json finding = Finding("client", "problem");
  EXPECT_NE(finding["message"].get<std::string>().find("shows llama3:8b"), std::string::npos)
      << finding;
  EXPECT_NE(finding["remedy"].get<std::string>().find("OLLAMA_HOST"), std::string::npos) << finding;
  EXPECT_EQ(Models(), before);
  EXPECT_EQ(other.Get("/api/tags"), there);
}

TEST_F(ServerOfProgramTest, ANameInAnotherCaseIsTheServersModel) {
  for (const std::string model : {"SMOLLM2", "https://registry.ollama.ai/library/SmolLM2:LATEST"}) {
    Program program = Command({"run", "--model", model, "--ctx", "1024", "--batch", "64",
                               "--prompt-tokens", "300", "--confirm", "0"});
    const Ended measured = RunProgram(program);
    EXPECT_EQ(measured.exit_code, 0) << measured.err;
  }
}

}  // namespace
}  // namespace ollama_bench::testing
