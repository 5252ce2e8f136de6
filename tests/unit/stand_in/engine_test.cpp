#include "support/stand_in/engine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/stand_in/tokens.h"

namespace ollama_bench::stand_in {
namespace {

Script MakeScript(const Json& json) {
  return Script::Parse(json.dump()).value();
}

std::string Prompt252(const std::string& start = "") {
  std::string text = start;
  for (int i = 0; i < 252; ++i) text += " word" + std::to_string(i);
  return text;
}

Model Cell(const Models& models, const std::string& num_ctx, const std::string& num_batch = "256") {
  Model model = *models.Find("smollm2");
  model.parameters = {{"num_ctx", num_ctx}, {"num_batch", num_batch}, {"num_predict", "2"}};
  return model;
}

class EngineTest : public ::testing::Test {
 protected:
  Answer Run(const Model& model, const std::string& prompt, const Json& act = nullptr) {
    return engine_.Run(script_, model, {prompt, false, {}}, act);
  }
  void Play(const Json& json) { script_ = MakeScript(json); }

  Script script_ = MakeScript(Json::object());
  Models models_{script_};
  Engine engine_{script_, models_};
};

TEST_F(EngineTest, CountsAWordAsATokenAndAddsTheTemplate) {
  EXPECT_EQ(Run(Cell(models_, "2048"), Prompt252()).metrics.prompt_tokens, 252 + kTemplateTokens);
  EXPECT_EQ(Words("  a\tb\r\nc a ").size(), 4U);
  EXPECT_EQ(Words("a")[0], Words("b a")[1]);
}

TEST_F(EngineTest, ReloadsOnlyWhenContextOrBatchChange) {
  const auto load = [&](const char* ctx, const char* batch) {
    return Run(Cell(models_, ctx, batch), Prompt252()).metrics.load;
  };
  const auto cold = load("2048", "256");
  const auto warm = load("2048", "256");
  EXPECT_LT(warm, cold / 10);
  EXPECT_EQ(load("2048", "128"), cold);
  EXPECT_EQ(load("1024", "128"), cold);
  EXPECT_EQ(load("1024", "128"), warm);
}

TEST_F(EngineTest, EvaluatesOneTokenOfAPromptThatIsInTheCache) {
  const Model cell = Cell(models_, "2048");
  const Metrics first = Run(cell, Prompt252()).metrics;
  const Metrics again = Run(cell, Prompt252()).metrics;
  EXPECT_EQ(again.prompt_tokens, first.prompt_tokens);
  EXPECT_NEAR(static_cast<double>(again.prompt_eval.count()),
              static_cast<double>(first.prompt_eval.count()) / 261, 2);
  // A word of its own at the start makes it a fresh prompt again.
  EXPECT_EQ(Run(cell, Prompt252("unique")).metrics.cached_tokens, 0);
}

TEST_F(EngineTest, ForgetsTheCacheWithAReload) {
  Run(Cell(models_, "2048"), Prompt252());
  EXPECT_EQ(Run(Cell(models_, "4096"), Prompt252()).metrics.cached_tokens, 0);
}

TEST_F(EngineTest, CutsALongPromptAsTheGenerationDoes) {
  EXPECT_EQ(Run(Cell(models_, "128"), Prompt252()).metrics.prompt_tokens, 128);
  Play({{"version", "0.32.15"}});
  EXPECT_EQ(Run(Cell(models_, "128"), Prompt252()).metrics.prompt_tokens, 66);
}

TEST_F(EngineTest, LosesTheMetricsOfAVeryLongPromptBeforeTheBufferGrew) {
  std::string prompt;
  for (int i = 0; i < 80'000; ++i) prompt += "word ";
  Model cell = Cell(models_, "100000");
  cell.trained_context = 131'072;
  EXPECT_TRUE(Run(cell, prompt).metrics_lost);
  Play({{"version", "0.14.0"}});
  EXPECT_FALSE(Run(cell, prompt).metrics_lost);
}

TEST_F(EngineTest, ShowsTheRateOfTheScript) {
  Play({{"rate", 100},
        {"rates",
         {{{"num_ctx", 2048}, {"num_batch", 256}, {"rate", 500}},
          {{"num_ctx", 1024}, {"rate", 50}}}}});
  const auto rate = [&](const char* ctx, const char* batch) {
    const Metrics metrics = Run(Cell(models_, ctx, batch), Prompt252()).metrics;
    return static_cast<double>(metrics.prompt_tokens) /
           std::chrono::duration<double>(metrics.prompt_eval).count();
  };
  EXPECT_NEAR(rate("2048", "256"), 500, 0.001);
  EXPECT_NEAR(rate("2048", "128"), 100, 0.001);
  EXPECT_NEAR(rate("1024", "256"), 50, 0.001);
}

TEST_F(EngineTest, PeaksWhereTheSurfaceDoes) {
  Play({{"surface", {{"peak", 300}, {"num_ctx", 4096}, {"num_batch", 512}}}});
  EXPECT_DOUBLE_EQ(script_.Rate(4096, 512), 300);
  for (const int ctx : {1024, 2048, 8192}) {
    for (const int batch : {128, 256, 1024}) EXPECT_LT(script_.Rate(ctx, batch), 300);
  }
}

TEST_F(EngineTest, NoiseHasTheSpreadAskedForAndTheSameSeedTheSameDraws) {
  Play({{"noise", {{"relative", 0.05}, {"seed", 7}}}});
  Engine twin(script_, models_);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 2000;
  for (int i = 0; i < kDraws; ++i) {
    const std::string prompt = Prompt252("unique" + std::to_string(i));
    const Metrics metrics = Run(Cell(models_, "2048"), prompt).metrics;
    EXPECT_EQ(
        metrics.prompt_eval,
        twin.Run(script_, Cell(models_, "2048"), {prompt, false, {}}, nullptr).metrics.prompt_eval);
    const double rate = static_cast<double>(metrics.prompt_tokens) /
                            std::chrono::duration<double>(metrics.prompt_eval).count() / 300 -
                        1;
    sum += rate;
    squares += rate * rate;
  }
  // Five standard errors of the mean and of the standard deviation.
  EXPECT_NEAR(sum / kDraws, 0, 0.0056);
  EXPECT_NEAR(std::sqrt(squares / kDraws), 0.05, 0.004);
}

TEST_F(EngineTest, ListsAnUnloadedModelForTheScriptsNumberOfPolls) {
  Play({{"unload_polls", 2}});
  const Model cell = Cell(models_, "2048");
  Run(cell, "a prompt");
  engine_.Unload(script_, cell);
  EXPECT_EQ(engine_.Poll().size(), 1U);
  EXPECT_EQ(engine_.Poll().size(), 1U);
  EXPECT_EQ(engine_.Poll().size(), 0U);
}

TEST_F(EngineTest, OverridesOfARuleStandAsGiven) {
  const Metrics metrics =
      Run(Cell(models_, "2048"), "a b",
          {{"prompt_eval_count", 7}, {"prompt_eval_ns", 0}, {"eval_count", 0}, {"gpu_share", 0.5}})
          .metrics;
  EXPECT_EQ(metrics.prompt_tokens, 7);
  EXPECT_EQ(metrics.prompt_eval.count(), 0);
  EXPECT_EQ(metrics.eval_tokens, 0);
  const Runner runner = engine_.Poll().at(0);
  EXPECT_NEAR(static_cast<double>(runner.size_vram), static_cast<double>(runner.size) / 2, 1);
}

}  // namespace
}  // namespace ollama_bench::stand_in
