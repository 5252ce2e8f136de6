#include "ollama_bench/ollama/attached_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

class AttachedFileTest : public testing::Test {
 protected:
  std::string Make(const std::string& name) {
    std::ofstream(folder_ / name) << "x";
    return (folder_ / name).string();
  }

  TemporaryFolder folder_;
};

TEST_F(AttachedFileTest, FindsEveryTypeThatTheClientAttaches) {
  for (const char* name : {"a.jpg", "a.JPEG", "a.png", "a.WebP", "a.wav"}) {
    const std::string path = Make(name);
    EXPECT_EQ(FindAttachedFile("See " + path + ", please"), path);
  }
  for (const char* name : {"a.gif", "a.txt", "a.pngx", "a.png_"}) {
    EXPECT_EQ(FindAttachedFile("See " + Make(name)), std::nullopt) << name;
  }
}

TEST_F(AttachedFileTest, WhatIsNotThereDoesNotCount) {
  EXPECT_EQ(FindAttachedFile("http://example.com/a.png and /gone/b.jpg and a/b.png"), std::nullopt);
  EXPECT_EQ(FindAttachedFile(""), std::nullopt);
  EXPECT_EQ(FindAttachedFile("/"), std::nullopt);
  EXPECT_EQ(FindAttachedFile("/.png"), std::nullopt);
}

TEST_F(AttachedFileTest, APathBeginsAtTheFirstSlashOfItsLineAsTheClientHasIt) {
  const std::string path = Make("a.png");
  EXPECT_EQ(FindAttachedFile("and/or " + path), std::nullopt) << "\"/or /…/a.png\" is not there";
  EXPECT_EQ(FindAttachedFile("and/or\n" + path), path);
  EXPECT_EQ(FindAttachedFile("/gone.png " + path), path);
}

TEST_F(AttachedFileTest, ABackslashEscapes) {
  const std::string path = Make("a (b) c.png");
  const std::string folder = folder_.path().string();
  EXPECT_EQ(FindAttachedFile("See " + folder + "/a\\ \\(b\\)\\ c.png"), path);
  EXPECT_EQ(FindAttachedFile("See " + path), path) << "blanks need none";
}

TEST_F(AttachedFileTest, WhatCannotBeOpenedEndsTheClientToo) {
  const std::string path = Make("file") + "/a.png";
  EXPECT_EQ(FindAttachedFile("See " + path), path);
  const std::string long_one = "/" + std::string(5'000, 'x') + ".png";
  EXPECT_EQ(FindAttachedFile(long_one), long_one);
}

TEST_F(AttachedFileTest, ALongTextWithManySlashesIsReadInLinearTime) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "/word ";
  EXPECT_EQ(FindAttachedFile(text), std::nullopt);
}

}  // namespace
}  // namespace ollama_bench
