#include "ollama_bench/ollama/modelfile.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

Modelfile Parsed(std::string_view text) {
  auto modelfile = Modelfile::Parse(text);
  EXPECT_TRUE(modelfile) << (modelfile ? "" : modelfile.error());
  return modelfile.value_or(Modelfile());
}

std::string ErrorOf(std::string_view text) {
  const auto modelfile = Modelfile::Parse(text);
  return modelfile ? "parsed" : modelfile.error();
}

TEST(ModelfileTest, DropsTheOldLinesAndAppendsTheNewOnes) {
  EXPECT_EQ(Parsed("FROM x\nPARAMETER num_ctx 1\nparameter num_batch 2\nSYSTEM hi")
                .WithParameters({{"num_ctx", "4096"}, {"num_batch", "512"}}),
            "FROM x\nSYSTEM hi\nPARAMETER num_ctx 4096\nPARAMETER num_batch 512\n");
}

TEST(ModelfileTest, NeverTouchesATextThatOnlyLooksLikeAParameter) {
  const std::string text =
      "FROM x\nSYSTEM \"\"\"\nPARAMETER num_ctx 1\n\"\"\"\n"
      "TEMPLATE \"a\nPARAMETER num_ctx 2\nb\"\n# PARAMETER num_ctx 3\nPARAMETER num_ctxx 4\n";
  EXPECT_EQ(Parsed(text).WithParameters({{"num_ctx", "9"}}), text + "PARAMETER num_ctx 9\n");
}

TEST(ModelfileTest, ParameterNamesAreCaseSensitive) {
  EXPECT_EQ(Parsed("FROM x\nPARAMETER NUM_CTX 1\n").WithParameters({{"num_ctx", "9"}}),
            "FROM x\nPARAMETER NUM_CTX 1\nPARAMETER num_ctx 9\n");
}

TEST(ModelfileTest, DropsEveryRepetitionAndKeepsStops) {
  EXPECT_EQ(Parsed("PARAMETER num_ctx 1\nPARAMETER stop a\nFROM x\nPARAMETER num_ctx 2\n"
                   "PARAMETER stop b\n")
                .WithParameters({{"num_ctx", "9"}}),
            "PARAMETER stop a\nFROM x\nPARAMETER stop b\nPARAMETER num_ctx 9\n");
}

TEST(ModelfileTest, TakesEveryLineEnd) {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    const std::string e = end;
    EXPECT_EQ(Parsed("FROM x" + e + "PARAMETER num_ctx 1" + e + "PARAMETER top_k 2" + e)
                  .WithParameters({{"num_ctx", "9"}}),
              "FROM x" + e + "PARAMETER top_k 2" + e + "PARAMETER num_ctx 9\n");
  }
}

TEST(ModelfileTest, ReadsUtf16AndByteOrderMarks) {
  EXPECT_EQ(Parsed("\xEF\xBB\xBF"
                   "FROM x\n")
                .from(),
            "x");
  EXPECT_EQ(Parsed(std::string_view("\xFF\xFE"
                                    "F\0R\0O\0M\0 \0\xE9\0\n\0",
                                    16))
                .from(),
            "\xC3\xA9");
  EXPECT_EQ(Parsed(std::string_view("\xFE\xFF"
                                    "\0F\0R\0O\0M\0 \0y",
                                    14))
                .from(),
            "y");
}

TEST(ModelfileTest, AQuotedValueMayHoldBlanksAndLinesAndQuotes) {
  EXPECT_EQ(Parsed("FROM \"a b\"\n").from(), "a b");
  EXPECT_EQ(Parsed("FROM   ./x y.gguf  \n").from(), "./x y.gguf");
  EXPECT_EQ(Parsed("SYSTEM \"\"\"say \"hi\"\nFROM no\n\"\"\"\nFROM yes").from(), "yes");
}

TEST(ModelfileTest, OfSeveralFromLinesTheLastCounts) {
  EXPECT_EQ(Parsed("FROM a\nFROM b\n").from(), "b");
}

TEST(ModelfileTest, SaysInWhichLineItCannotGoOn) {
  EXPECT_EQ(ErrorOf(""), "there is no FROM line");
  EXPECT_EQ(ErrorOf("# FROM x\n"), "there is no FROM line");
  EXPECT_EQ(ErrorOf("FROM x\n\n%!\n"), "line 3: this is no Modelfile instruction");
  EXPECT_EQ(ErrorOf("FROM x\r\nPARAMETER  num_ctx 5\r\n"),
            "line 2: PARAMETER needs a name, one blank and a value");
  EXPECT_EQ(ErrorOf("FROM x\nSYSTEM \"\"\"open\n\n"), "line 2: a quote is opened and never closed");
}

TEST(ModelfileTest, CharactersWithoutAShapeHideNoQuoteThatOllamaSees) {
  for (const std::string hidden :
       {"\f", "\v", "\x01", "\xC2\xA0", "\xE2\x80\x8B", "\xEF\xBB\xBF"}) {
    const auto modelfile =
        Modelfile::Parse("FROM x\nSYSTEM " + hidden + "\"\"\"one\nPARAMETER num_ctx 1\n\"\"\"\n");
    ASSERT_TRUE(modelfile.has_value()) << modelfile.error();
    EXPECT_EQ(modelfile->ParameterLines(), "");
    EXPECT_EQ(ErrorOf("FROM x\nSYSTEM " + hidden + "\"\"\"open\n"),
              "line 2: a quote is opened and never closed");
  }
}

TEST(ModelfileTest, ReplacesOnlyTheArgumentOfFrom) {
  EXPECT_EQ(Parsed("# c\n  from ./x.gguf\nSYSTEM \"FROM y\"\n").WithFrom("base").text(),
            "# c\nFROM base\nSYSTEM \"FROM y\"\n");
}

TEST(ModelfileTest, ARewriteIsAFixedPointAndChangesNothingElse) {
  const char* pieces[] = {"FROM x\n",
                          "PARAMETER num_ctx 7\n",
                          "PARAMETER stop \"\n\"\n",
                          "# PARAMETER a b\n",
                          "SYSTEM \"\"\"\nFROM z\nPARAMETER num_ctx 1\n\"\"\"\n",
                          "\n",
                          "  \t\n",
                          "MESSAGE user \"a\nb\"\r\n",
                          "PARAMETER num_batch 5\r\n",
                          "LICENSE \"\"\"\"\"\"\n"};
  std::mt19937 random(11);
  for (int i = 0; i < 5'000; ++i) {
    std::string text = "FROM x\n";
    std::string kept = text;
    for (int n = 0; n < 6; ++n) {
      const std::string piece = pieces[random() % std::size(pieces)];
      text += piece;
      if (!piece.starts_with("PARAMETER num_")) kept += piece;
    }
    const std::vector<std::pair<std::string, std::string>> set = {{"num_ctx", "1024"},
                                                                  {"num_batch", "64"}};
    const std::string once = Parsed(text).WithParameters(set);
    ASSERT_EQ(once, kept + "PARAMETER num_ctx 1024\nPARAMETER num_batch 64\n") << text;
    ASSERT_EQ(Parsed(once).WithParameters(set), once);
  }
}

TEST(ModelfileTest, RandomBytesAreParsedOrRefused) {
  std::mt19937 random(3);
  const std::string alphabet = "FROM PARAMETER num_ctx\"\"\"\n\r\t #1\xFF";
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (auto n = random() % 40; n > 0; --n) text += alphabet[random() % alphabet.size()];
    if (const auto modelfile = Modelfile::Parse(text)) {
      EXPECT_TRUE(Modelfile::Parse(modelfile->WithParameters({{"num_ctx", "1"}})));
    }
  }
}

TEST(ModelfileTest, APathStartsAtTheModelfilesOwnFolder) {
  const fs::path folder = fs::path(testing::TempDir()) / "modelfile_test";
  fs::create_directories(folder);
  std::ofstream(folder / "m.gguf") << "x";
  EXPECT_EQ(ResolveModelfilePath("./m.gguf", folder), folder / "m.gguf");
  EXPECT_EQ(ResolveModelfilePath((folder / "m.gguf").string(), "/"), folder / "m.gguf");
  EXPECT_EQ(ResolveModelfilePath("smollm2", folder), fs::path());
  EXPECT_EQ(Parsed("FROM x\nADAPTER m.gguf\n").WithAbsoluteAdapters(folder).text(),
            "FROM x\nADAPTER \"" + (folder / "m.gguf").string() + "\"\n");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace ollama_bench
