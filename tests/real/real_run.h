#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/real_ollama_server.h"

namespace ollama_bench::testing {

/// Runs the built program against the real server, in a folder of its own.
class RealRunTest : public ::testing::Test {
 protected:
  using Json = OllamaServer::Json;

  RealRunTest() : server_(RealOllamaServer::Shared()), before_(Models()) {}
  ~RealRunTest() override { server_.UnloadAll(); }

  // Whatever else the machine does while the tests run: what they check is not how fast it is.
  [[nodiscard]] Program Command(std::vector<std::string> arguments) const {
    if (arguments.front() == "run") arguments.emplace_back("--ignore-disturbance");
    Program program = BenchCommand(arguments, folder_.path(), server_.Environment());
    program.deadline = std::chrono::minutes(5);
    return program;
  }
  [[nodiscard]] Program Sweep() const {
    return Command({"run", "--model", RealOllamaServer::kModel, "--ctx", "512,1024,2048", "--batch",
                    "32,64,128", "--repetitions", "3", "--prompt-tokens", "60", "--confirm", "0",
                    "--no-baseline"});
  }
  [[nodiscard]] Json Store() const {
    std::ifstream in(folder_.path() / "benchmark_results.json");
    return Json::parse(in, nullptr, false);
  }
  [[nodiscard]] std::map<std::string, std::string> Models() const {
    std::map<std::string, std::string> models;
    const Json tags = server_.Get("/api/tags");
    for (const Json& model : tags["models"]) models[model["name"]] = model["digest"];
    return models;
  }

  // Nine cells of three counted samples, none doubled, the server as it was.
  void ExpectWholeSweep() const {
    std::set<std::string> ids;
    const Json store = Store();
    ASSERT_EQ(store["results"].size(), 9U);
    for (const Json& entry : store["results"]) {
      int counted = 0;
      for (const Json& sample : entry["samples"]) {
        EXPECT_TRUE(ids.insert(sample["id"]).second);
        if (sample["role"] == "measure" && sample["excluded"].is_null()) ++counted;
        EXPECT_EQ(sample["effective_num_ctx"], entry["num_ctx"]);
      }
      EXPECT_EQ(counted, 3) << entry.dump(1);
    }
    EXPECT_EQ(Models(), before_);
    EXPECT_FALSE(store["metadata"].contains("temporary_models"));
  }

  const RealOllamaServer& server_;
  TemporaryFolder folder_;
  std::map<std::string, std::string> before_;
};

}  // namespace ollama_bench::testing
