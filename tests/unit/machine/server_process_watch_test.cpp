#include "ollama_bench/machine/server_process_watch.h"

#include <gtest/gtest.h>

#include "support/fake_proc.h"

namespace ollama_bench {
namespace {

constexpr int kPort = 11434;
constexpr int kServer = 50;

class ServerProcessWatchTest : public testing::Test {
 protected:
  ServerProcessWatchTest() {
    PutServer(100);
    proc_.Listen(kPort, 0, 38402);
    proc_.Hold(kServer, 38402);
    SetKills(3);
  }
  void PutServer(std::int64_t started) { proc_.Put(kServer, {1, "ollama", started}); }
  void SetKills(int kills) const {
    proc_.Write("vmstat", "nr_free_pages 12\noom_kill " + std::to_string(kills) + "\n");
  }
  void SetKillsOfGroup(int kills) const {
    proc_.Write("groups/system.slice/ollama.service/memory.events",
                "low 0\noom 1\noom_kill " + std::to_string(kills) + "\noom_group_kill 0\n");
  }
  ServerProcessWatch Watch() { return ServerProcessWatch(kPort, proc_.path(), Groups()); }
  [[nodiscard]] std::filesystem::path Groups() const { return proc_.path() / "groups"; }

  FakeProc proc_;
};

TEST_F(ServerProcessWatchTest, AServerThatStaysIsTheSameAndOneThatIsReplacedIsNot) {
  ServerProcessWatch watch = Watch();
  watch.Begin();
  EXPECT_EQ(watch.Look().survived, true);
  PutServer(200);
  EXPECT_EQ(watch.Look().survived, false) << "another process of the same number";
  watch.Begin();
  EXPECT_EQ(watch.Look().survived, true);
  proc_.End(kServer);
  EXPECT_EQ(watch.Look().survived, false);
}

TEST_F(ServerProcessWatchTest, OfAServerThatIsNotSeenNothingIsSaid) {
  proc_.Remove(std::to_string(kServer));
  ServerProcessWatch watch = Watch();
  watch.Begin();
  EXPECT_EQ(watch.Look().survived, std::nullopt);
}

TEST_F(ServerProcessWatchTest, TheKernelsCountOfTheMachineTellsOfAKillSinceTheBeginning) {
  ServerProcessWatch watch = Watch();
  watch.Begin();
  EXPECT_FALSE(watch.Look().ended_for_memory) << "what was killed before does not count";
  SetKills(4);
  EXPECT_TRUE(watch.Look().ended_for_memory);
  watch.Begin();
  EXPECT_FALSE(watch.Look().ended_for_memory);
}

TEST_F(ServerProcessWatchTest, WhereTheServersGroupIsCountedAKillElsewhereDoesNotCount) {
  proc_.Write(std::to_string(kServer) + "/cgroup", "0::/system.slice/ollama.service\n");
  SetKillsOfGroup(0);
  ServerProcessWatch watch = Watch();
  watch.Begin();
  SetKills(4);
  EXPECT_FALSE(watch.Look().ended_for_memory);
  SetKillsOfGroup(1);
  EXPECT_TRUE(watch.Look().ended_for_memory);
}

TEST_F(ServerProcessWatchTest, AGroupThatIsGoneWithItsServiceLeavesTheCountOfTheMachine) {
  proc_.Write(std::to_string(kServer) + "/cgroup", "0::/system.slice/ollama.service\n");
  SetKillsOfGroup(0);
  ServerProcessWatch watch = Watch();
  watch.Begin();
  proc_.Remove("groups");
  SetKills(4);
  EXPECT_TRUE(watch.Look().ended_for_memory);
}

TEST_F(ServerProcessWatchTest, ReadsTheCountOfTheFirstVersionOfGroups) {
  proc_.Write(std::to_string(kServer) + "/cgroup", "7:cpu,cpuacct:/a\n5:memory:/ollama\n");
  const std::string file = "groups/memory/ollama/memory.oom_control";
  proc_.Write(file, "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  ServerProcessWatch watch = Watch();
  watch.Begin();
  EXPECT_FALSE(watch.Look().ended_for_memory);
  proc_.Write(file, "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  EXPECT_TRUE(watch.Look().ended_for_memory);
}

TEST_F(ServerProcessWatchTest, WithoutAnyCountNothingWasKilled) {
  proc_.Remove("vmstat");
  ServerProcessWatch watch = Watch();
  watch.Begin();
  EXPECT_FALSE(watch.Look().ended_for_memory);
}

}  // namespace
}  // namespace ollama_bench
