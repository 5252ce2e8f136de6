#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/stand_in_server.h"

namespace ollama_bench::testing {

using Json = nlohmann::ordered_json;

/// The built `ollama-bench run` against a stand-in of its own, in a folder of its own.
class RunFixture : public ::testing::Test {
 protected:
  explicit RunFixture(const Json& rules = Json::array()) : server_(Script(rules)) {}

  /// A script with these rules whose runs claim less time than really passes, as an honest server's
  /// do: the stand-in answers at once.
  static Json Script(const Json& rules) {
    return {{"rate", 200'000}, {"load_ms", 5}, {"rules", rules}};
  }
  static Json Rule(const std::string& command, Json when, const Json& action) {
    when["command"] = command;
    return {{"when", when}, {"do", action}};
  }
  /// Plays these rules from the next call on.
  void Play(const Json& rules) const { server_.SetScript(Script(rules)); }

  /// A command of `ollama-bench`, whose sweep is the pass of a 3 x 3 grid, three short repetitions
  /// each, unless it is given another.
  [[nodiscard]] Program Command(const std::vector<std::string>& arguments) const {
    return BenchCommand(WithoutReplaced(arguments), server_.folder(), server_.Environment());
  }
  [[nodiscard]] Program Sweep(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"run",
                                          "--model",
                                          "smollm2",
                                          "--ctx",
                                          "1024,2048,3072",
                                          "--batch",
                                          "64,128,256",
                                          "--repetitions",
                                          "3",
                                          "--prompt-tokens",
                                          "300",
                                          "--confirm",
                                          "0",
                                          "--no-baseline"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }

  /// Whether a line tells of the machine that the tests run on, such as its load, and not of the
  /// sweep.
  static bool IsAboutThisMachine(const std::string& line) {
    for (const char* words :
         {"CPUs busy", "memory is short", "are governed by", "its battery", "slowed down by"}) {
      if (line.find(words) != std::string::npos) return true;
    }
    return false;
  }

  [[nodiscard]] Json Store(const std::string& name = "benchmark_results.json") const {
    std::ifstream in(server_.folder() / name);
    return Json::parse(in, nullptr, false);
  }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(server_.folder() / name) << text;
  }

  /// Counted samples of each cell; fails the test where a sample is there twice.
  [[nodiscard]] std::map<std::pair<int, int>, int> CountedSamples() const {
    std::map<std::pair<int, int>, int> counted;
    std::set<std::string> ids;
    const Json store = Store();
    for (const Json& entry : store["results"]) {
      for (const Json& sample : entry.value("samples", Json::array())) {
        EXPECT_TRUE(ids.insert(sample["id"]).second) << "doubled " << sample["id"];
        if (sample["role"] != "measure" || !sample["excluded"].is_null()) continue;
        ++counted[{entry["num_ctx"], entry["num_batch"]}];
      }
    }
    return counted;
  }
  void ExpectFullSweep() const {
    const auto counted = CountedSamples();
    EXPECT_EQ(counted.size(), 9U);
    for (const auto& [cell, count] : counted)
      EXPECT_EQ(count, 3) << cell.first << ' ' << cell.second;
  }
  /// Names and digests of all models on the server.
  [[nodiscard]] std::map<std::string, std::string> Models() const {
    std::map<std::string, std::string> models;
    const Json tags = server_.Get("/api/tags");
    for (const Json& model : tags["models"]) {
      models[model["name"]] = model["digest"];
    }
    return models;
  }
  [[nodiscard]] int CallsOf(const std::string& command) const {
    int count = 0;
    for (const Json& call : server_.Calls()) count += call["command"] == command ? 1 : 0;
    return count;
  }

  /// As another sweep has it in memory.
  void LoadTemporaryModel() const {
    const std::string name = "ollama-bench-01KAJ";
    Write("Temporary", "FROM smollm2\n");
    ASSERT_EQ(server_.Run({"create", name, "-f", "Temporary"}).exit_code, 0);
    ASSERT_EQ(server_.Run({"run", name}, "hello").exit_code, 0);
    ASSERT_EQ(server_.Get("/api/ps")["models"].size(), 1U);
  }

  StandInServer server_;
};

}  // namespace ollama_bench::testing
