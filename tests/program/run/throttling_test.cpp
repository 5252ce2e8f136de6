// GPUs that slow down in a sweep: with a fake nvidia-smi, for no test can heat a card.
#include <csignal>
#include <filesystem>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

class ThrottlingProgramTest : public RunFixture {
 protected:
  /// A card whose clocks show `reasons` and that counts 20 s more of heat whenever it is asked.
  [[nodiscard]] Program WithCard(Program program, const std::string& reasons) const {
    const fs::path folder = server_.folder() / "tools";
    fs::create_directories(folder);
    Write("tools/nvidia-smi",
          "#!/bin/sh\n"
          "case $1 in\n"
          "*memory.free*) echo 8000 ;;\n"
          "*throttle_reasons.active*) echo 0, RTX 3060, " +
              reasons +
              " ;;\n"
              "*) echo >>counted; echo 0, RTX 3060, $(wc -l <counted)0000000, 0, 0 ;;\n"
              "esac\n");
    fs::permissions(folder / "nvidia-smi", fs::perms::owner_all);
    for (auto& [name, value] : program.environment) {
      if (name == "PATH") value.insert(0, folder.string() + ":");
    }
    return program;
  }
  static bool Told(const Json& warnings, const std::string& words) {
    for (const Json& warning : warnings) {
      if (warning.get<std::string>().find(words) != std::string::npos) return true;
    }
    return false;
  }
};

TEST_F(ThrottlingProgramTest, ACardSlowAtTheStartAndOneThatSlowsDownLaterAreToldAndStored) {
  const Ended ended = RunProgram(WithCard(Sweep(), "0x0000000000000060"));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("warning: GPU 0 (RTX 3060) is slowed down by its heat now; let it cool"),
            std::string::npos)
      << ended.err;
  EXPECT_NE(ended.err.find("warning: GPU 0 (RTX 3060) was slowed down by heat or its power supply "
                           "for 10 s of this sweep"),
            std::string::npos)
      << ended.err;
  const Json warnings = Store()["metadata"]["warnings"];
  EXPECT_TRUE(Told(warnings, "by its heat now")) << warnings;
  EXPECT_TRUE(Told(warnings, "for 10 s of this sweep")) << warnings;
}

TEST_F(ThrottlingProgramTest, AnInterruptedSweepTellsOfItToo) {
  Play(Json::array({Rule("run", {{"num_ctx", 2048}}, {{"hang", true}})}));
  RunningProgram sweep(WithCard(Sweep(), "0x0000000000000000"));
  ASSERT_TRUE(sweep.WaitForOutput("[3/9]"));
  sweep.Signal(SIGINT);
  const Ended ended = sweep.Wait();
  EXPECT_EQ(ended.err.find("by its heat now"), std::string::npos);
  EXPECT_NE(ended.err.find("for 10 s of this sweep"), std::string::npos) << ended.err;
}

TEST_F(ThrottlingProgramTest, DoctorTellsOfASlowCard) {
  const Ended ended = RunProgram(WithCard(Command({"doctor"}), "0x0000000000000080"));
  EXPECT_NE(ended.out.find("GPU 0 (RTX 3060) is slowed down by its power supply now"),
            std::string::npos)
      << ended.out;
}

}  // namespace
}  // namespace ollama_bench::testing
