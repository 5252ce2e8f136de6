#include "ollama_bench/ollama/modelfile.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

Modelfile Parsed(std::string_view text) {
  auto modelfile = Modelfile::Parse(text);
  EXPECT_TRUE(modelfile) << (modelfile ? "" : modelfile.error());
  return modelfile.value_or(Modelfile());
}

using Values = std::vector<std::string>;

Values From(std::string_view text) {
  Values named;
  const Modelfile modelfile = Parsed(text);
  for (const ModelfileCommand& command : modelfile.commands()) {
    if (command.kind == ModelfileCommand::Kind::kFrom) named.push_back(command.value);
  }
  return named;
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
      "TEMPLATE \"a\nPARAMETER num_ctx 2\nb\"\n# PARAMETER num_ctx 3\nPARAMETER num_gpu 4\n";
  EXPECT_EQ(Parsed(text).WithParameters({{"num_ctx", "9"}}), text + "PARAMETER num_ctx 9\n");
}

TEST(ModelfileTest, ParameterNamesAreCaseSensitive) {
  EXPECT_EQ(ErrorOf("FROM x\nPARAMETER NUM_CTX 1\n"),
            "line 2: Ollama knows no parameter \"NUM_CTX\"");
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
  EXPECT_EQ(From("\xEF\xBB\xBF"
                 "FROM x\n"),
            Values{"x"});
  EXPECT_EQ(From(std::string_view("\xFF\xFE"
                                  "F\0R\0O\0M\0 \0\xE9\0\n\0",
                                  16)),
            Values{"\xC3\xA9"});
  EXPECT_EQ(From(std::string_view("\xFE\xFF"
                                  "\0F\0R\0O\0M\0 \0y",
                                  14)),
            Values{"y"});
}

TEST(ModelfileTest, AQuotedValueMayHoldBlanksAndLinesAndQuotes) {
  EXPECT_EQ(From("FROM \"a b\"\n"), Values{"a b"});
  EXPECT_EQ(From("FROM   ./x y.gguf  \n"), Values{"./x y.gguf"});
  EXPECT_EQ(From("SYSTEM \"\"\"say \"hi\"\nFROM no\n\"\"\"\nFROM yes"), Values{"yes"});
}

TEST(ModelfileTest, EveryFromLineCountsAsDoesAParameterNamedModel) {
  EXPECT_EQ(From("FROM a\nfrom b\nPARAMETER model c\n"), (Values{"a", "b", "c"}));
}

TEST(ModelfileTest, ParametersAreReadAsOllamaReadsThem) {
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(
      Parsed("FROM x\nPARAMETER num_ctx \"8192\"\nparameter num_batch \"\"\"256\"\"\"\n"
             "PARAMETER temperature   0.7  \nPARAMETER stop \"a\nb\"\n")
          .Parameters(),
      (Parameters{
          {"num_ctx", "8192"}, {"num_batch", "256"}, {"temperature", "0.7"}, {"stop", "a\nb"}}));
}

TEST(ModelfileTest, SaysInWhichLineOllamaStops) {
  EXPECT_EQ(ErrorOf(""), "there is no FROM line");
  EXPECT_EQ(ErrorOf("# FROM x\n"), "there is no FROM line");
  EXPECT_EQ(ErrorOf("FROM x\n\n%!\n"), "line 3: \"%!\" begins no instruction of a Modelfile");
  EXPECT_EQ(ErrorOf("FROM x\nFORM y\n"), "line 2: \"FORM\" begins no instruction of a Modelfile");
  EXPECT_EQ(ErrorOf("FROM\n"), "line 1: FROM needs a value");
  EXPECT_EQ(ErrorOf("FROM x\r\nPARAMETER  num_ctx 5\r\n"),
            "line 2: PARAMETER needs a name, one blank and a value");
  EXPECT_EQ(ErrorOf("FROM x\nPARAMETER num_ctx\n"),
            "line 2: PARAMETER needs a name, one blank and a value");
  EXPECT_EQ(ErrorOf("FROM x\nMESSAGE tool hello\n"),
            "line 2: MESSAGE needs a role (system, user or assistant), one blank and a text");
  EXPECT_EQ(ErrorOf("FROM x\nSYSTEM \"\"\"open\n\n"), "line 2: a quote is opened and never closed");
  EXPECT_EQ(ErrorOf("FROM x\nREQUIRES soon\n"), "line 2: REQUIRES needs a version such as 0.14.0");
}

TEST(ModelfileTest, RefusesAValueOfTheWrongType) {
  EXPECT_EQ(ErrorOf("FROM x\nPARAMETER num_ctx 8k\n"),
            "line 2: num_ctx must be a whole number, not \"8k\"");
  EXPECT_EQ(
      ErrorOf("FROM x\nPARAMETER num_ctx 2048 # enough\n"),
      "line 2: num_ctx must be a whole number, not \"2048 # enough\"; a comment needs a line of "
      "its own");
  for (const char* value : {"", "8k", "1.5", "0x10", "1_0", "++1", "9223372036854775808", "auto",
                            "8192 "
                            "x"}) {
    EXPECT_NE(ErrorOf(std::string("FROM x\nPARAMETER num_ctx ") + value + "\n"), "parsed") << value;
  }
  for (const char* value : {"0", "+5", "-1", "007"}) {
    EXPECT_EQ(ErrorOf(std::string("FROM x\nPARAMETER top_k ") + value), "parsed") << value;
  }
  for (const char* value : {"", ".", "1e", "0x1", "1__0", "_1", "1_", "1f", "1e39", "inf", "NaN",
                            "0b1", "0.7   # keep it calm", "1,5"}) {
    EXPECT_NE(ErrorOf(std::string("FROM x\nPARAMETER temperature ") + value + "\n"), "parsed")
        << value;
  }
  for (const char* value :
       {"1_000.5", "0x1p-2", "+.5", "1.", "-0", "1e-400", "0X1P3", "0x_1p2", "00.5", "1e+1_2"}) {
    EXPECT_EQ(ErrorOf(std::string("FROM x\nPARAMETER temperature ") + value), "parsed") << value;
  }
  for (const char* value : {"yes", "on", "", "tRue", "2"}) {
    EXPECT_NE(ErrorOf(std::string("FROM x\nPARAMETER use_mmap ") + value + "\n"), "parsed")
        << value;
  }
  for (const char* value : {"1", "t", "TRUE", "False", "f", "0"}) {
    EXPECT_EQ(ErrorOf(std::string("FROM x\nPARAMETER use_mmap ") + value), "parsed") << value;
  }
}

TEST(ModelfileTest, KnowsEveryInstruction) {
  for (const char* line : {"LICENSE a", "TEMPLATE {{ .Prompt }}", "SYSTEM b", "MESSAGE user c",
                           "RENDERER d", "PARSER e", "REQUIRES v0.14.0-rc1",
                           "PARAMETER mirostat 7 of them", "ADAPTER f", "DRAFT g"}) {
    EXPECT_EQ(ErrorOf(std::string("FROM x\n") + line + "\n"), "parsed") << line;
  }
}

TEST(ModelfileTest, CharactersWithoutAShapeHideNoQuoteThatOllamaSees) {
  for (const std::string hidden :
       {"\f", "\v", "\x01", "\xC2\xA0", "\xE2\x80\x8B", "\xEF\xBB\xBF"}) {
    const auto modelfile =
        Modelfile::Parse("FROM x\nSYSTEM " + hidden + "\"\"\"one\nPARAMETER num_ctx 1\n\"\"\"\n");
    ASSERT_TRUE(modelfile.has_value()) << modelfile.error();
    EXPECT_TRUE(modelfile->Parameters().empty());
    EXPECT_EQ(ErrorOf("FROM x\nSYSTEM " + hidden + "\"\"\"open\n"),
              "line 2: a quote is opened and never closed");
  }
}

TEST(ModelfileTest, ReplacesAllThatFromLinesName) {
  EXPECT_EQ(Parsed("# c\n  from ./x.gguf\nSYSTEM \"FROM y\"\nFROM ./p.gguf\nLICENSE z\n")
                .WithFrom("base")
                .text(),
            "# c\nFROM base\nSYSTEM \"FROM y\"\nLICENSE z\n");
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

/// Modelfiles in a folder with some files.
class ResolveModelfileTest : public testing::Test {
 protected:
  ResolveModelfileTest() {
    for (const char* name : {"m.gguf", "p.gguf", "a b.gguf", "s-00001-of-00002.gguf",
                             "s-00002-of-00002.gguf", "bad\xC2\xA0name.gguf"}) {
      std::ofstream(folder_ / name) << name;
    }
    fs::create_directory(folder_ / "all");
  }

  Expected<ModelfileTemplate, std::string> Resolve(const std::string& text) {
    return ResolveModelfile(Parsed(text), folder_.path());
  }
  std::string ErrorOf(const std::string& text) {
    const auto resolved = Resolve(text);
    return resolved ? "resolved" : resolved.error();
  }

  TemporaryFolder folder_;
};

TEST_F(ResolveModelfileTest, EveryFileOfFromCountsRelativeToTheModelfile) {
  const auto resolved = Resolve("FROM ./m.gguf\nFROM p.gguf\nFROM \"a b.gguf\"\nFROM all/\n");
  ASSERT_TRUE(resolved) << resolved.error();
  EXPECT_EQ(resolved->weights, (std::vector<fs::path>{folder_ / "m.gguf", folder_ / "p.gguf",
                                                      folder_ / "a b.gguf", folder_ / "all"}));
  EXPECT_EQ(resolved->base, "");
  EXPECT_EQ(FromLines({resolved->weights[2]}),
            "FROM \"" + (folder_ / "a b.gguf").string() + "\"\n");
}

TEST_F(ResolveModelfileTest, ANamedModelTakesThePlaceOfFiles) {
  const auto resolved = Resolve("FROM qwen3:4b\nFROM ./m.gguf\n");
  ASSERT_TRUE(resolved) << resolved.error();
  EXPECT_EQ(resolved->base, "qwen3:4b");
  EXPECT_TRUE(resolved->weights.empty());
}

TEST_F(ResolveModelfileTest, AdaptersAndDraftsAreNamedAbsolutely) {
  const auto resolved = Resolve("FROM m.gguf\nadapter p.gguf\nDRAFT \"a b.gguf\"\nSYSTEM hi\n");
  ASSERT_TRUE(resolved) << resolved.error();
  EXPECT_EQ(resolved->modelfile.text(), "FROM m.gguf\nADAPTER \"" + (folder_ / "p.gguf").string() +
                                            "\"\nDRAFT \"" + (folder_ / "a b.gguf").string() +
                                            "\"\nSYSTEM hi\n");
  EXPECT_EQ(resolved->others.size(), 2U);
}

TEST_F(ResolveModelfileTest, WhatIsNeitherAFileNorANameIsRefusedWithItsLine) {
  EXPECT_EQ(
      ErrorOf("FROM ./gone.gguf\n"),
      "line 1: there is no file " + (folder_ / "gone.gguf").string() + ", and FROM names no model");
  EXPECT_EQ(ErrorOf("FROM qwen3\nADAPTER lora\n"),
            "line 2: there is no file " + (folder_ / "lora").string());
  EXPECT_EQ(ErrorOf("FROM m.gguf\nDRAFT ./m.gguf\n"), "line 2: DRAFT is the file of FROM");
  EXPECT_NE(ErrorOf("FROM ~nobody-of-this-name/x\n").find("there is no user"), std::string::npos);
  EXPECT_NE(ErrorOf("FROM m.gguf/x\n").find("line 1: "), std::string::npos);
}

TEST_F(ResolveModelfileTest, APathThatOllamaWouldReadOtherwiseIsRefused) {
  const fs::path hidden = folder_ / "n\xC2\xA0n";
  fs::create_directory(hidden);
  std::ofstream(hidden / "m.gguf") << "x";
  const auto resolved = ResolveModelfile(Parsed("FROM m.gguf\n"), hidden);
  ASSERT_FALSE(resolved);
  EXPECT_NE(resolved.error().find("a character that Ollama drops"), std::string::npos);
}

}  // namespace
}  // namespace ollama_bench
