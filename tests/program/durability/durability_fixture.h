#pragma once

#include <chrono>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "program/run/run_fixture.h"
#include "support/share.h"

namespace ollama_bench::testing {

/// Small sweeps that are ended in every way, and what must hold afterwards.
class DurabilityFixture : public RunFixture {
 protected:
  static constexpr int kCells = 4;
  static constexpr int kRepetitions = 2;

  /// 2 x 2 cells of two repetitions, about a tenth of a second.
  [[nodiscard]] Program SmallSweep(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"run",
                                          "--model",
                                          "smollm2",
                                          "--ctx",
                                          "1024,2048",
                                          "--batch",
                                          "64,128",
                                          "--repetitions",
                                          "2",
                                          "--prompt",
                                          "Why is the sky blue?",
                                          "--confirm",
                                          "0",
                                          "--no-baseline"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }

  /// Waits for a random part of the time that a small sweep takes: some of these moments come
  /// before its start has done anything, some after its end.
  static void WaitForRandomMoment(std::mt19937& random, int most_ms) {
    const auto part = std::uniform_int_distribution<int>(0, most_ms * 1000)(random);
    std::this_thread::sleep_for(std::chrono::microseconds(part));
  }

  /// How long the sweep takes here and now, so that moments can be spread over all of it; what it
  /// measured is forgotten.
  int TimeWholeSweep(const Program& sweep) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(RunProgram(sweep).exit_code, 0);
    ForgetResults();
    const auto time = std::chrono::steady_clock::now() - begin;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(time).count());
  }

  /// The ids of the samples that a `run --json` reported as saved.
  static std::set<std::string> ReportedSamples(const std::string& out) {
    std::set<std::string> ids;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      const Json event = Json::parse(line, nullptr, false);
      if (event.is_object() && event["event"] == "sample") ids.insert(event["id"]);
    }
    return ids;
  }

  /// The ids in the store, which must be whole, or not there yet; none of them twice.
  [[nodiscard]] std::set<std::string> SavedSamples() const {
    std::set<std::string> ids;
    if (!std::filesystem::exists(server_.folder() / "benchmark_results.json")) return ids;
    const Json store = Store();
    EXPECT_FALSE(store.is_discarded()) << "half a file";
    if (store.is_discarded()) return ids;
    for (const Json& entry : store["results"]) {
      for (const Json& sample : entry.value("samples", Json::array())) {
        EXPECT_TRUE(ids.insert(sample["id"]).second) << "doubled " << sample["id"];
      }
    }
    return ids;
  }
  void ExpectSaved(const std::set<std::string>& reported) const {
    const auto saved = SavedSamples();
    for (const std::string& id : reported) EXPECT_TRUE(saved.contains(id)) << "lost " << id;
  }

  /// Each sample names a visit of its entry and has its load; no two visits share one; each visit
  /// names a start.
  void ExpectVisitsWhole() const {
    if (!std::filesystem::exists(server_.folder() / "benchmark_results.json")) return;
    const Json store = Store();
    std::set<std::string> starts;
    for (const Json& start : store["metadata"].value("starts", Json::array())) {
      EXPECT_TRUE(starts.insert(start["id"]).second) << start;
    }
    std::set<std::int64_t> loads;
    for (const Json& entry : store["results"]) {
      std::map<std::string, std::int64_t> load_of;
      for (const Json& visit : entry.value("visits", Json::array())) {
        load_of[visit["id"]] = visit["load_id"];
        EXPECT_TRUE(loads.insert(visit["load_id"].get<std::int64_t>()).second)
            << "two visits of one load: " << visit;
        EXPECT_TRUE(starts.contains(visit["start"])) << visit;
      }
      for (const Json& sample : entry.value("samples", Json::array())) {
        ASSERT_TRUE(load_of.contains(sample["visit"])) << sample;
        EXPECT_EQ(sample["load_id"], load_of[sample["visit"]]);
      }
    }
  }

  void ExpectSmallSweepWhole() const {
    const auto counted = CountedSamples();
    EXPECT_EQ(counted.size(), static_cast<std::size_t>(kCells));
    for (const auto& [cell, count] : counted) {
      EXPECT_EQ(count, kRepetitions) << cell.first << ' ' << cell.second;
    }
    EXPECT_FALSE(Store()["metadata"].contains("temporary_models"));
  }

  /// Makes the next sweep begin from nothing.
  void ForgetResults() const {
    for (const auto& file : std::filesystem::directory_iterator(server_.folder())) {
      const std::string name = file.path().filename().string();
      if (name.find("benchmark_results.json") != std::string::npos) {
        std::filesystem::remove(file.path());
      }
    }
  }

  /// The same command goes on to a whole sweep, and leaves no model and no file behind.
  void ResumeAndExpectWhole(const std::map<std::string, std::string>& models) const {
    const Ended ended = RunProgram(SmallSweep());
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    ExpectSmallSweepWhole();
    EXPECT_EQ(Models(), models);
    EXPECT_FALSE(
        std::filesystem::exists(server_.folder() / ".benchmark_results.json.ollama-bench-tmp"));
  }
};

}  // namespace ollama_bench::testing
