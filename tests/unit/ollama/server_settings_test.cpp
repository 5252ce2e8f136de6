#include "ollama_bench/ollama/server_settings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string_view>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

using namespace std::string_view_literals;
using Settings = std::map<std::string, std::string>;

class ServerSettingsTest : public testing::Test {
 protected:
  void AddProcess(const std::string& pid, std::string_view argv, std::string_view environment) {
    std::filesystem::create_directories(folder_ / pid);
    folder_.Write(pid + "/cmdline", std::string(argv));
    folder_.Write(pid + "/environ", std::string(environment));
  }

  TemporaryFolder folder_;
};

TEST_F(ServerSettingsTest, ReadsTheServerWhosePortItIs) {
  AddProcess("10", "/usr/bin/ollama\0serve\0"sv, "OLLAMA_NUM_PARALLEL=4\0HOME=/root\0"sv);
  AddProcess("11", "ollama\0serve\0"sv,
             "OLLAMA_HOST=0.0.0.0:9000\0OLLAMA_KV_CACHE_TYPE=q8_0\0OLLAMA_MODELS=/m\0"sv);
  AddProcess("12", "ollama\0run\0x\0"sv, "OLLAMA_FLASH_ATTENTION=1\0"sv);
  EXPECT_EQ(ReadServerSettings(11434, folder_.path()), (Settings{{"OLLAMA_NUM_PARALLEL", "4"}}));
  EXPECT_EQ(ReadServerSettings(9000, folder_.path()), (Settings{{"OLLAMA_KV_CACHE_TYPE", "q8_0"}}));
  EXPECT_TRUE(ReadServerSettings(1234, folder_.path()).empty());
}

TEST_F(ServerSettingsTest, WhatCannotBeReadTellsNothing) {
  AddProcess("10", "ollama\0serve\0"sv, "");
  AddProcess("self", "ollama\0serve\0"sv, "OLLAMA_NUM_PARALLEL=4\0"sv);
  EXPECT_TRUE(ReadServerSettings(11434, folder_.path()).empty());
  EXPECT_TRUE(ReadServerSettings(11434, "/nonexistent").empty());
}

TEST_F(ServerSettingsTest, ControlCharactersNeverComeThrough) {
  AddProcess("10", "ollama\0serve\0"sv, "OLLAMA_KV_CACHE_TYPE=\x1b[2J\0"sv);
  EXPECT_EQ(ReadServerSettings(11434, folder_.path()).at("OLLAMA_KV_CACHE_TYPE"), "\\x1b[2J");
}

}  // namespace
}  // namespace ollama_bench
