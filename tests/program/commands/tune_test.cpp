#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "program/run/run_fixture.h"
#include "support/test_data.h"

namespace ollama_bench::testing {
namespace {

class TuneProgramTest : public RunFixture {
 protected:
  /// A recording of 12 x 8 cells whose rate falls with num_ctx and saturates in num_batch; the
  /// cell of the largest values failed.
  void Record() const {
    Json results = Json::array();
    for (int i = 1; i <= 12; ++i) {
      for (int j = 1; j <= 8; ++j) {
        const int num_ctx = 1024 * i;
        const int num_batch = 64 * j;
        Json entry{{"num_ctx", num_ctx}, {"num_batch", num_batch}};
        if (i == 12 && j == 8) {
          entry["error"] = "CUDA OOM";
        } else {
          entry["prompt_eval_rate"] =
              500.0 * num_batch / (num_batch + 60.0) / (1.0 + num_ctx / 3e4);
        }
        results.push_back(entry);
      }
    }
    Write(
        "recording.json",
        Json{{"metadata", {{"num_ctx_range", "1024-12288:1024"}, {"num_batch_range", "64-512:64"}}},
             {"results", results}}
            .dump());
  }
  [[nodiscard]] Program Tune(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"tune",
                                          "--ctx-start",
                                          "1024",
                                          "--ctx-end",
                                          "12288",
                                          "--ctx-step",
                                          "1024",
                                          "--batch-start",
                                          "64",
                                          "--batch-end",
                                          "512",
                                          "--batch-step",
                                          "64",
                                          "--driver",
                                          "replay",
                                          "--replay",
                                          "recording.json",
                                          "--replay-noise",
                                          "0.01"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }
  // A real sweep of 17 x 6 cells, one reading each, as a file of the old script.
  void RecordRealSweep() const {
    std::istringstream table(ReadTestData("nemotron_5gpu_sweep.csv"));
    std::vector<int> contexts;
    std::string field;
    std::string line;
    std::getline(table, line);
    std::istringstream header(line.substr(line.find(',') + 1));
    while (std::getline(header, field, ',')) contexts.push_back(std::stoi(field));
    Json results = Json::array();
    while (std::getline(table, line)) {
      std::istringstream row(line);
      std::getline(row, field, ',');
      const int num_batch = std::stoi(field);
      for (const int num_ctx : contexts) {
        field.clear();
        std::getline(row, field, ',');
        Json entry = {{"num_ctx", num_ctx}, {"num_batch", num_batch}};
        if (field.empty()) {
          entry["error"] = "CUDA OOM";
        } else {
          entry["prompt_eval_rate"] = std::stod(field);
        }
        results.push_back(entry);
      }
    }
    Write("real.json",
          Json{{"metadata",
                {{"num_ctx_range", "8192-18432:2048"}, {"num_batch_range", "32-2080:128"}}},
               {"results", results}}
              .dump());
  }
  static std::vector<Json> Events(const std::string& out, const std::string& kind) {
    std::vector<Json> events;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      Json event = Json::parse(line, nullptr, false);
      if (event["event"] == kind) events.push_back(std::move(event));
    }
    return events;
  }
};

TEST_F(TuneProgramTest, TellsEveryMeasurementAndTheAnswerAsEvents) {
  Record();
  const Ended ended = RunProgram(Tune({"--budget", "15", "--json"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto measurements = Events(ended.out, "measurement");
  ASSERT_EQ(measurements.size(), 15U);
  for (const Json& event : measurements) {
    EXPECT_NE(event["rate"].is_null(), event["failure"].is_null());
    EXPECT_EQ(event["num_ctx"].get<int>() % 1024, 0);
  }
  EXPECT_GT(measurements.back()["answer"]["probability"], 0.0);
  const auto answers = Events(ended.out, "answer");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]["num_ctx"], measurements.back()["answer"]["num_ctx"]);
  EXPECT_EQ(answers[0]["num_batch"], measurements.back()["answer"]["num_batch"]);
  EXPECT_EQ(answers[0]["measurements"], 15);
  EXPECT_EQ(answers[0]["certified"], false);
  EXPECT_TRUE(answers[0]["equals"].is_array());
}

TEST_F(TuneProgramTest, TheSameSeedTellsTheSameAndAnotherDoesNot) {
  Record();
  // The estimates of the answer also depend on when each load was made.
  const auto play = [&](const std::string& results, const std::string& seed) {
    const std::string out =
        RunProgram(Tune({"--budget", "10", "--json", "-r", results, "--seed", seed})).out;
    std::vector<Json> told = Events(out, "measurement");
    EXPECT_EQ(told.size(), 10U);
    const Json answer = Events(out, "answer").at(0);
    for (const char* key : {"num_ctx", "num_batch", "verdict", "reason", "probability"}) {
      told.push_back(answer[key]);
    }
    return told;
  };
  EXPECT_EQ(play("a.json", "5"), play("b.json", "5"));
  EXPECT_NE(play("c.json", "5"), play("d.json", "6"));
}

TEST_F(TuneProgramTest, StopsWithTheCertificateUnlessToldToGoOn) {
  Record();
  const Ended stopped = RunProgram(Tune({"--budget", "90", "--json", "-r", "a.json"}));
  const Json answer = Events(stopped.out, "answer").at(0);
  ASSERT_EQ(answer["certified"], true) << answer.dump();
  EXPECT_LT(answer["measurements"], 90);
  EXPECT_EQ(answer["num_ctx"], 1024);
  EXPECT_EQ(answer["num_batch"], 512);
  const Ended whole = RunProgram(Tune({"--budget", "90", "--json", "-r", "b.json", "--no-stop"}));
  EXPECT_EQ(Events(whole.out, "measurement").size(), 90U);
}

TEST_F(TuneProgramTest, SaysInPlainWordsThatTheBudgetEndedFirst) {
  Record();
  const Ended ended = RunProgram(Tune({"--budget", "5"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("Not certified after 5 measurements"), std::string::npos) << ended.out;
  EXPECT_EQ(ended.out.find("PARAMETER"), std::string::npos) << "nothing is recommended yet";
  EXPECT_EQ(ended.out.find("--extra"), std::string::npos) << "which is no option of a search";
  EXPECT_NE(ended.err.find("[5/5]"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("best so far"), std::string::npos) << ended.err;
}

TEST_F(TuneProgramTest, TellsWithTheAnswerWhatACertificateTakes) {
  Record();
  const std::string out = RunProgram(Tune({"--budget", "5"})).out;
  std::string words = out;
  std::replace(words.begin(), words.end(), '\n', ' ');
  EXPECT_NE(words.find("P(no cell is more than 1 % faster than the fastest found) = "),
            std::string::npos)
      << out;
  EXPECT_NE(words.find("; a certificate takes 98.5 % three times in a row and no region unvisited"),
            std::string::npos)
      << out;
  EXPECT_EQ(out.find("only"), std::string::npos) << out;
}

TEST_F(TuneProgramTest, TheHeaderNamesTheRecordingAndNoModelThatNobodyKnows) {
  Record();
  const std::string err = RunProgram(Tune({"--budget", "5"})).err;
  EXPECT_NE(err.find(" at recording.json\n"), std::string::npos) << err;
  EXPECT_EQ(err.find(": \n"), std::string::npos) << err;
  EXPECT_NE(err.find("\n  budget       5 measurements in this start\n"), std::string::npos) << err;
}

TEST_F(TuneProgramTest, WithoutNoiseARecordingSaysThatItRepeatsItself) {
  Record();
  Program sweep = Tune({"--ctx", "1024,2048", "--batch", "64,128", "-r", "plain.json"});
  sweep.argv[1] = "run";
  EXPECT_EQ(RunProgram(sweep).err.find("repeats itself"), std::string::npos)
      << "noise was asked for";
  const Ended noisy = RunProgram(Command({"heatmap", "plain.json", "--no-csv"}));
  EXPECT_EQ(noisy.out.find("too narrow"), std::string::npos) << noisy.out;
  const Ended ended = RunProgram(Command({"run", "--replay", "recording.json", "--ctx", "1024,2048",
                                          "--batch", "64,128", "-r", "same.json"}));
  EXPECT_NE(ended.err.find("warning: without --replay-noise a recorded reading repeats itself"),
            std::string::npos)
      << ended.err;
  const Ended heatmap = RunProgram(Command({"heatmap", "same.json", "--no-csv", "-o", "m.svg"}));
  std::stringstream picture;
  picture << std::ifstream(server_.folder() / "m.svg").rdbuf();
  EXPECT_NE(picture.str().find("REPLAYED WITHOUT NOISE"), std::string::npos);
  EXPECT_NE(heatmap.out.find("the intervals are too narrow.\n"), std::string::npos) << heatmap.out;
}

TEST_F(TuneProgramTest, TheNextStartUsesWhatIsThere) {
  Record();
  RunProgram(Tune({"--budget", "8"}));
  const Ended ended = RunProgram(Tune({"--budget", "8", "--json"}));
  EXPECT_EQ(Events(ended.out, "answer").at(0)["measurements"], 16);
}

TEST_F(TuneProgramTest, AnInterruptedSearchGoesOnAndRunFillsUpTheRest) {
  const std::vector<std::string> tune = {
      "tune",    "--model",    "smollm2",         "--ctx", "1024,2048,3072",
      "--batch", "64,128,256", "--prompt-tokens", "300",   "--no-baseline"};
  std::vector<std::string> arguments = tune;
  arguments.insert(arguments.end(), {"--budget", "200", "--no-stop"});
  RunningProgram running(Command(arguments));
  ASSERT_TRUE(running.WaitForOutput("[3/200]"));
  running.Signal(SIGINT);
  EXPECT_EQ(running.Wait().signal, SIGINT);
  arguments = tune;
  arguments.insert(arguments.end(), {"--budget", "2"});
  const Ended ended = RunProgram(Command(arguments));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_FALSE(CountedSamples().empty());
  const Ended filled = RunProgram(Sweep());
  EXPECT_EQ(filled.exit_code, 0) << filled.err;
  const auto counted = CountedSamples();
  EXPECT_EQ(counted.size(), 9U);
  for (const auto& [cell, samples] : counted) EXPECT_GE(samples, 3);
}

TEST_F(TuneProgramTest, ItsAnswerIsThatOfAHeatmapOfItsFile) {
  RecordRealSweep();
  for (const char* seed : {"1", "2", "3", "4"}) {
    const std::string results = fmt::format("seed{}.json", seed);
    const Ended ended = RunProgram(
        Command({"tune",           "--ctx-start",  "8192",          "--ctx-end", "18432",
                 "--ctx-step",     "2048",         "--batch-start", "32",        "--batch-end",
                 "2080",           "--batch-step", "128",           "--replay",  "real.json",
                 "--replay-noise", "0.01",         "--seed",        seed,        "-r",
                 results,          "--json"}));
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    const Json answer = Events(ended.out, "answer").at(0);
    const Json heatmap = Json::parse(
        RunProgram(Command({"heatmap", results, "--no-csv", "--json", "-o", "a.svg"})).out, nullptr,
        false);
    for (const char* key : {"verdict", "reason", "recommended", "gain", "contenders", "answer"}) {
      EXPECT_EQ(answer[key], heatmap[key]) << key << ", seed " << seed;
    }
    EXPECT_EQ(answer["num_ctx"], heatmap["recommended"]["num_ctx"]);
    EXPECT_EQ(answer["num_batch"], heatmap["recommended"]["num_batch"]);
  }
}

TEST_F(TuneProgramTest, TheCurrentSettingIsLoadedFirstAndAgainAndIsAnsweredWith) {
  server_.SetScript({{"rate", 200'000}, {"load_ms", 5}, {"noise", {{"relative", 0.003}}}});
  const Ended ended = RunProgram(
      Command({"tune", "--model", "smollm2", "--ctx", "1024,2048,3072", "--batch", "64,128,256",
               "--prompt-tokens", "300", "--budget", "40", "--json", "--ignore-disturbance"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto measurements = Events(ended.out, "measurement");
  EXPECT_LE(measurements.size(), 40U) << "the loads of the current setting count as well";
  EXPECT_EQ(measurements.at(0)["num_ctx"], 4096) << "outside the grid";
  const Json answer = Events(ended.out, "answer").at(0);
  EXPECT_EQ(answer["measurements"], measurements.size());
  EXPECT_EQ(answer["current"]["num_ctx"], 4096);
  EXPECT_EQ(answer["current"]["num_batch"], 512);
  EXPECT_EQ(answer["current"]["loads"], 3);
}

TEST_F(TuneProgramTest, ABudgetThatIsNeitherACountNorATimeIsRefused) {
  for (const char* budget : {"0", "-3", "soon", "5 m"}) {
    const Ended ended = RunProgram(Tune({"--budget", budget}));
    EXPECT_EQ(ended.exit_code, 2) << budget;
    EXPECT_NE(ended.err.find("a budget is a number of measurements"), std::string::npos)
        << ended.err;
  }
}

TEST_F(TuneProgramTest, AHeatmapShowsEstimatesApartFromWhatWasMeasured) {
  Record();
  RunProgram(Tune({"--budget", "20"}));
  const Ended plain = RunProgram(Command({"heatmap", "--no-csv", "-o", "plain.svg"}));
  EXPECT_EQ(plain.out.find('~'), std::string::npos) << plain.out;
  const Ended ended =
      RunProgram(Command({"heatmap", "--no-csv", "-o", "estimate.svg", "--estimate"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("~ estimated, not measured: +/- "), std::string::npos) << ended.out;
  const Json report = Json::parse(
      RunProgram(Command({"heatmap", "--no-csv", "-o", "e.svg", "--estimate", "--json"})).out,
      nullptr, false);
  std::size_t estimates = 0;
  for (const Json& cell : report["untested"]) {
    if (!cell.contains("estimate")) continue;
    ++estimates;
    EXPECT_GT(cell["estimate"], 0.0);
    EXPECT_GT(cell["margin"], 0.0);
  }
  EXPECT_GT(estimates, 40U);
}

}  // namespace
}  // namespace ollama_bench::testing
