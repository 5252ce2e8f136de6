// A child that floods: what the program itself needs meanwhile.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/durability/durability_fixture.h"

namespace ollama_bench::testing {
namespace {

class MemoryLongTest : public DurabilityFixture {
 protected:
  // The peak of the program and of the largest of its children, in KiB.
  static long PeakMemoryKiB(const Program& program) {
    const pid_t pid = fork();
    if (pid == 0) {
      for (const auto& [name, value] : program.environment) setenv(name.c_str(), value.c_str(), 1);
      std::vector<std::string> arguments = program.argv;
      std::vector<char*> argv;
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      if (chdir(program.folder.c_str()) == 0 && freopen("/dev/null", "w", stderr) != nullptr &&
          freopen("/dev/null", "w", stdout) != nullptr) {
        execv(argv[0], argv.data());
      }
      _exit(127);
    }
    int status = 0;
    rusage usage{};
    wait4(pid, &status, 0, &usage);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << "no cell succeeded";
    return usage.ru_maxrss;
  }
};

TEST_F(MemoryLongTest, StaysUnder32MiBWhileARunWritesTenGigabytes) {
  const Share share = TakeShare(500, 10'240);  // MiB
  for (const int line : {80, 0}) {
    Play(Json::array({Rule("run", {},
                           {{"flood", {{"stdout", share.count * 1024LL * 1024}, {"line", line}}},
                            {"error", "out of memory"}})}));
    const long peak = PeakMemoryKiB(SmallSweep({"--limit", "1"}));
    std::cout << share.count << " MiB in lines of " << line << ", own peak " << peak << " KiB"
              << std::endl;
    EXPECT_TRUE(IsOtherBuild() || peak < 32 * 1024);
    const Json store = Store();
    EXPECT_EQ(store["results"][0]["failure"]["kind"], "out_of_memory");
    ForgetResults();
  }
}

}  // namespace
}  // namespace ollama_bench::testing
