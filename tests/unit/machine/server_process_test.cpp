#include "ollama_bench/machine/process_times.h"

#include <gtest/gtest.h>

#include "support/fake_proc.h"

namespace ollama_bench {
namespace {

constexpr int kPort = 11434;
constexpr int kInode = 4711;

class ServerProcessTest : public testing::Test {
 protected:
  // Of another user: its descriptors cannot be read.
  void PutHidden(int pid, const std::string& command, int user, bool sees_socket = true) {
    proc_.Put(pid, {1, "ollama", 100, 0, 0, 0, 0});
    proc_.Write(std::to_string(pid) + "/cmdline",
                std::string("/usr/bin/ollama\0", 16) + command + '\0');
    proc_.Write(std::to_string(pid) + "/status",
                "Name:\tollama\nUid:\t" + std::to_string(user) + "\t0\t0\t0\n");
    if (sees_socket) proc_.Listen(kPort, user, kInode, pid);
  }
  [[nodiscard]] int Found() const {
    const auto found = FindServerProcess(kPort, proc_.path());
    return found ? found->pid : 0;
  }
  [[nodiscard]] std::string Why() const {
    const auto found = FindServerProcess(kPort, proc_.path());
    return found ? std::string() : found.error();
  }

  FakeProc proc_;
};

TEST_F(ServerProcessTest, TheHolderOfThePortsSocketIsTheServer) {
  proc_.Put(40, {1, "ollama", 100, 0, 0, 0, 0});
  proc_.Put(50, {1, "ollama", 100, 0, 0, 0, 0});
  proc_.Listen(kPort, 1000, kInode);
  proc_.Hold(40, kInode + 1);
  proc_.Hold(50, kInode);
  EXPECT_EQ(Found(), 50);
}

TEST_F(ServerProcessTest, AnotherUsersServerIsKnownByNameOwnerAndNetwork) {
  proc_.Listen(kPort, 998, kInode);
  PutHidden(30, "run", 998);
  PutHidden(40, "serve", 1000);
  PutHidden(50, "serve", 998);
  PutHidden(60, "serve", 998, /*sees_socket=*/false);
  EXPECT_EQ(Found(), 50);
}

TEST_F(ServerProcessTest, TwoThatItMayBeAreNone) {
  proc_.Listen(kPort, 998, kInode);
  PutHidden(50, "serve", 998);
  PutHidden(60, "serve", 998);
  EXPECT_EQ(Found(), 0);
  EXPECT_NE(Why().find("several servers"), std::string::npos) << Why();
}

TEST_F(ServerProcessTest, AForwarderIsNotTheServer) {
  proc_.Put(40, {1, "docker-proxy", 100, 0, 0, 0, 0});
  proc_.Listen(kPort, 0, kInode);
  proc_.Hold(40, kInode);
  PutHidden(50, "serve", 0, /*sees_socket=*/false);
  EXPECT_EQ(Found(), 0);
  EXPECT_NE(Why().find("docker-proxy"), std::string::npos) << Why();
}

TEST_F(ServerProcessTest, WithoutAListenerItIsElsewhere) {
  proc_.Put(50, {1, "ollama", 100, 0, 0, 0, 0});
  proc_.Listen(kPort + 1, 1000, kInode);
  proc_.Hold(50, kInode);
  EXPECT_EQ(Found(), 0);
  EXPECT_NE(Why().find("port 11434"), std::string::npos) << Why();
}

}  // namespace
}  // namespace ollama_bench
