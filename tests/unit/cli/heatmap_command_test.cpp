#include "command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

json Entry(int num_ctx, int num_batch, double rate) {
  return {{"num_ctx", num_ctx},
          {"num_batch", num_batch},
          {"prompt_eval_rate", rate},
          {"timestamp", "2026-11-21T07:00:05+00:00"}};
}

json FailedEntry(int num_ctx, int num_batch) {
  return {{"num_ctx", num_ctx},
          {"num_batch", num_batch},
          {"prompt_eval_rate", nullptr},
          {"timestamp", "2026-11-21T07:00:05+00:00"},
          {"error", "CUDA OOM"},
          {"failure", {{"kind", "out_of_memory"}, {"message", "no room"}, {"attempts", 1}}}};
}

json Store(const json& results) {
  return {{"metadata",
           {{"schema_version", 1},
            {"store_id", "f3c1"},
            {"num_ctx_range", "1024-3072:1024"},
            {"num_batch_range", "64,128"},
            {"identity", {{"model", "smollm2"}, {"num_predict", 2}}},
            {"replayed", true}}},
          {"results", results}};
}

class HeatmapCommandTest : public testing::Test {
 protected:
  struct Outcome {
    int code = -1;
    std::string out;
    std::string err;
  };

  HeatmapCommandTest() {
    Save(Store({Entry(1024, 64, 84.5), Entry(2048, 64, 86.25), FailedEntry(3072, 64)}));
  }

  void Save(const json& store) { folder_.Write("results.json", store.dump(1)); }

  // As the program calls it; the present folder is the test's own.
  Outcome Run(std::vector<std::string> arguments) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.code = Parse(std::move(arguments));
    std::fflush(stdout);
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    std::filesystem::current_path(before);
    return outcome;
  }

  [[nodiscard]] std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryFolder folder_;

 private:
  static int Parse(std::vector<std::string> arguments) {
    constexpr int kUsage = 2;
    CLI::App app("test", "ollama-bench");
    std::function<int()> action = [] { return kUsage; };
    AddHeatmapCommand(app, action);
    arguments.insert(arguments.begin(), "heatmap");
    std::reverse(arguments.begin(), arguments.end());
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : kUsage;
    }
    return action();
  }
};

TEST_F(HeatmapCommandTest, WritesPictureAndTableUnderTheNamesThatPeopleKnow) {
  std::filesystem::rename(folder_ / "results.json", folder_ / "benchmark_results.json");
  const Outcome outcome = Run({});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(Files(), (std::vector<std::string>{"benchmark_results.json", "heatmap_highlighted.png",
                                               "results_table.csv"}));
  EXPECT_EQ(folder_.Read("heatmap_highlighted.png").substr(1, 3), "PNG");
  EXPECT_EQ(folder_.Read("results_table.csv"),
            "num_batch,1024,2048,3072\r\n64,84.5,86.25,\r\n128,,,\r\n");
}

TEST_F(HeatmapCommandTest, PrintsPlainTextIntoAPipeAndNotesToStandardError) {
  const Outcome outcome = Run({"results.json"});
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
  for (const char* part :
       {"smollm2\n", "REPLAYED", "       64 84.50+ 86.25*   OOM\n", "UNDECIDED: "}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " not in\n" << outcome.out;
  }
  EXPECT_EQ(outcome.out.find("PARAMETER"), std::string::npos) << "it says nothing to change";
  EXPECT_EQ(outcome.err, "wrote results_heatmap.png\nwrote results_table.csv\n");
}

TEST_F(HeatmapCommandTest, WritesEveryPictureThatIsNamedAndNoTableWhenToldSo) {
  const Outcome outcome =
      Run({"-o", "a.svg", "-o", "b.pdf", "-o", "c.PNG", "--no-csv", "results.json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(Files(), (std::vector<std::string>{"a.svg", "b.pdf", "c.PNG", "results.json"}));
  EXPECT_NE(folder_.Read("a.svg").find("REPLAYED"), std::string::npos);
  EXPECT_EQ(folder_.Read("b.pdf").substr(0, 5), "%PDF-");
}

TEST_F(HeatmapCommandTest, DrawsTheClassicMapWithItsPaletteWhenAsked) {
  EXPECT_EQ(Run({"results.json", "-o", "loss.svg", "--no-csv"}).code, 0);
  EXPECT_EQ(Run({"results.json", "-o", "value.svg", "--no-csv", "--color", "value"}).code, 0);
  EXPECT_EQ(folder_.Read("loss.svg").find("best value"), std::string::npos);
  EXPECT_NE(folder_.Read("value.svg").find("best value: num_ctx=2048 num_batch=64, 86.25"),
            std::string::npos);
  EXPECT_NE(folder_.Read("value.svg").find(">OOM<"), std::string::npos);
  EXPECT_EQ(Run({"results.json", "-o", "other.svg", "--no-csv", "--color", "value", "--colormap",
                 "viridis"})
                .code,
            0);
  EXPECT_NE(folder_.Read("value.svg").find("#fee838"), std::string::npos) << "cividis' highest";
  EXPECT_NE(folder_.Read("other.svg").find("#fde725"), std::string::npos) << "viridis' highest";
}

TEST_F(HeatmapCommandTest, ColormapMeansTheClassicMapAndDoesNotGoWithTheOther) {
  EXPECT_EQ(Run({"results.json", "-o", "a.svg", "--no-csv", "--colormap", "viridis"}).code, 0);
  EXPECT_NE(folder_.Read("a.svg").find("best value"), std::string::npos);
  EXPECT_EQ(Run({"results.json", "--color", "loss", "--colormap", "viridis"}).code, 2);
}

TEST_F(HeatmapCommandTest, DrawsInTheThemeThatIsNamed) {
  Run({"results.json", "-o", "auto.svg", "--no-csv"});
  Run({"results.json", "-o", "dark.svg", "--no-csv", "--theme", "dark"});
  Run({"results.json", "-o", "light.svg", "--no-csv", "--theme", "light"});
  EXPECT_NE(folder_.Read("auto.svg").find("prefers-color-scheme"), std::string::npos);
  EXPECT_NE(folder_.Read("dark.svg").find("#15181d"), std::string::npos);
  EXPECT_EQ(folder_.Read("dark.svg").find("prefers-color-scheme"), std::string::npos);
  EXPECT_EQ(folder_.Read("light.svg").find("#15181d"), std::string::npos);
  EXPECT_EQ(Run({"results.json", "--theme", "blue"}).code, 2);
}

TEST_F(HeatmapCommandTest, LeavesNumbersOutWhenAskedAndInWideVectorGraphics) {
  json wide = json::array();
  for (int i = 1; i <= 21; ++i) wide.push_back(Entry(1024 * i, 64, 300));
  json store = Store(wide);
  store["metadata"]["num_ctx_range"] = "1024-21504:1024";
  Save(store);
  const auto numbers = [this](const std::string& mode) {
    Run({"results.json", "-o", "a.svg", "--no-csv", "--numbers", mode});
    const std::string svg = folder_.Read("a.svg");
    // Rounded to its interval, which is the model's.
    const std::regex number(">300(\\.0+)?<");
    return std::distance(std::sregex_iterator(svg.begin(), svg.end(), number),
                         std::sregex_iterator());
  };
  EXPECT_EQ(numbers("auto"), 0);
  EXPECT_EQ(numbers("all"), 21);
  EXPECT_EQ(numbers("none"), 0);
  EXPECT_EQ(Run({"results.json", "--numbers", "some"}).code, 2);
}

TEST_F(HeatmapCommandTest, PrintsOneJsonObjectAndNothingElseWhenAsked) {
  const json report = json::parse(Run({"results.json", "--json"}).out);
  EXPECT_EQ(report["best"]["num_ctx"], 2048);
  EXPECT_EQ(report["statistics"]["untested"], 3);
  EXPECT_EQ(report["failures"][0]["kind"], "out_of_memory");
}

TEST_F(HeatmapCommandTest, ReturnsOneWhereNoCellSucceededAndDrawsAllTheSame) {
  Save(Store(json::array({FailedEntry(1024, 64)})));
  EXPECT_EQ(Run({"results.json"}).code, 1);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "results_heatmap.png"));
}

TEST_F(HeatmapCommandTest, ReturnsOneForAStoreWithoutAnyCell) {
  Save({{"metadata", json::object()}, {"results", json::array()}});
  EXPECT_EQ(Run({"results.json"}).code, 1);
  EXPECT_EQ(Run({"results.json", "--json"}).code, 1);
}

TEST_F(HeatmapCommandTest, ReturnsTwoForWrongUsage) {
  EXPECT_EQ(Run({"missing.json"}).code, 2);
  EXPECT_EQ(Run({"results.json", "-o", "picture.gif"}).code, 2);
  EXPECT_EQ(Run({"results.json", "--metric", "speed"}).code, 2);
  EXPECT_EQ(Run({"results.json", "--colormap", "jet"}).code, 2);
  EXPECT_EQ(Run({"results.json", "--csv", "a.csv", "--no-csv"}).code, 2);
  EXPECT_EQ(Files(), std::vector<std::string>{"results.json"});
}

TEST_F(HeatmapCommandTest, RefusesToWriteOverTheResults) {
  const std::string before = folder_.Read("results.json");
  const Outcome outcome = Run({"results.json", "--csv", "./results.json"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("not overwritten"), std::string::npos);
  EXPECT_EQ(folder_.Read("results.json"), before);
}

TEST_F(HeatmapCommandTest, RefusesARateOfTooFewGeneratedTokens) {
  json store = Store(json::array({Entry(1024, 64, 84.5)}));
  Outcome outcome = Run({"results.json", "--metric", "eval_rate"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("at most 2 tokens"), std::string::npos) << outcome.err;
  store["metadata"]["identity"]["num_predict"] = 32;
  Save(store);
  outcome = Run({"results.json", "--metric", "eval_rate"});
  EXPECT_EQ(outcome.code, 1) << "an old entry knows no eval rate";
}

TEST_F(HeatmapCommandTest, ReturnsThreeAndNamesThePathWhereAFileCannotBeWritten) {
  const Outcome outcome = Run({"results.json", "-o", "no/such/folder/a.png"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(outcome.err.find("no/such/folder"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("No such file or directory"), std::string::npos) << outcome.err;
}

TEST_F(HeatmapCommandTest, ReturnsFourForAStoreThatIsDamagedOrTooNew) {
  folder_.Write("results.json", "{\"metadata\": {");
  EXPECT_EQ(Run({"results.json"}).code, 4);
  json store = Store(json::array());
  store["metadata"]["schema_version"] = 99;
  Save(store);
  EXPECT_EQ(Run({"results.json"}).code, 4);
}

TEST_F(HeatmapCommandTest, ReplacesAnOlderPictureAndLeavesNoTemporaryFile) {
  folder_.Write("results_heatmap.png", "\x89PNG\r\n\x1A\nold");
  EXPECT_EQ(Run({"results.json"}).code, 0);
  EXPECT_EQ(folder_.Read("results_heatmap.png").substr(12, 4), "IHDR");
  EXPECT_EQ(Files().size(), 3U);
}

}  // namespace
}  // namespace ollama_bench
