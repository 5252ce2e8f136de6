#include "support/stand_in/modelfile.h"

#include <gtest/gtest.h>

#include "support/stand_in/models.h"

namespace ollama_bench::stand_in {
namespace {

TEST(StandInModelfileTest, ReadsWhatOllamaReads) {
  const auto file = ParseModelfile(
      "\xef\xbb\xbf# a comment\r\n  # another\r\nfrom base\r\nPARAMETER num_ctx    4096\r"
      "SYSTEM \"\"\"\nPARAMETER num_ctx 1\n\"\"\"\nparameter num_batch \"64\"\n");
  ASSERT_TRUE(file.has_value()) << file.error();
  EXPECT_EQ(file->from, "base");
  const Parameters expected = {{"num_ctx", "4096"}, {"num_batch", "64"}};
  EXPECT_EQ(file->parameters, expected);
}

TEST(StandInModelfileTest, RefusesWhatOllamaRefuses) {
  EXPECT_EQ(ParseModelfile("PARAMETER num_ctx 1\n").error(), "no FROM line");
  EXPECT_EQ(ParseModelfile("FROM a\nFOO bar\n").error().substr(0, 36),
            "(line 2): command must be one of \"fr");
  EXPECT_EQ(ParameterError("num_ctx", "4096 # x"), "invalid int value [4096 # x]");
  EXPECT_EQ(ParameterError("Num_ctx", "4096"), "unknown parameter 'Num_ctx'");
  // Two blanks after PARAMETER make an empty name.
  EXPECT_EQ(ParseModelfile("FROM a\nPARAMETER  num_ctx 5\n")->parameters.front().first, "");
}

TEST(ModelsTest, InheritsReplacesAndChangesTheDigestWithTheContent) {
  Models models(Script::Parse("{}").value());
  const auto create = [&](const std::string& name, const std::string& text) {
    return models.Create(name, ParseModelfile(text).value(), "/nonexistent").value();
  };
  const Model first = create("one", "FROM smollm2\nPARAMETER num_ctx 2048\nPARAMETER top_k 3\n");
  const Model second = create("two", "FROM one\nPARAMETER num_ctx 4096\n");
  EXPECT_EQ(IntParameter(second.parameters, "num_ctx"), 4096);
  EXPECT_EQ(IntParameter(second.parameters, "top_k"), 3);
  EXPECT_EQ(second.weights, first.weights);
  EXPECT_NE(second.digest, first.digest);
  EXPECT_EQ(create("three", "FROM one\nPARAMETER num_ctx 4096\n").digest, second.digest);
  Models restored(Script::Parse("{}").value());
  restored.Restore(models.Save());
  EXPECT_EQ(restored.Save(), models.Save());
}

}  // namespace
}  // namespace ollama_bench::stand_in
