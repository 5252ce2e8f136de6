#include "ollama_bench/core/labels.h"

#include <gtest/gtest.h>

#include <string>

namespace ollama_bench {
namespace {

TEST(LabelsTest, SeveralAreReadFromOneTextAndFromSeveral) {
  Labels labels;
  EXPECT_TRUE(AddLabels("commit=1f0c2ab,branch=main", labels));
  EXPECT_TRUE(AddLabels("who=a=b c", labels));
  EXPECT_EQ(labels, (Labels{{"branch", "main"}, {"commit", "1f0c2ab"}, {"who", "a=b c"}}));
}

TEST(LabelsTest, WhatIsNoLabelIsRefusedWithTheReason) {
  for (const std::string text :
       {"", "commit", "=x", "commit=", "1st=x", "a b=x", "commit=a,", "commit=a,commit=b",
        "commit=a\x1b[2J", "commit=a\nb", "num_ctx=4", "host=rig"}) {
    Labels labels;
    const auto added = AddLabels(text, labels);
    ASSERT_FALSE(added) << text;
    EXPECT_FALSE(added.error().empty());
    EXPECT_EQ(added.error().find('\x1b'), std::string::npos);
  }
}

TEST(LabelsTest, NamesAndValuesHaveALongestLength) {
  Labels labels;
  EXPECT_TRUE(AddLabels(std::string(64, 'a') + "=" + std::string(200, 'x'), labels));
  EXPECT_FALSE(AddLabels(std::string(65, 'a') + "=x", labels));
  EXPECT_FALSE(AddLabels("b=" + std::string(201, 'x'), labels));
}

}  // namespace
}  // namespace ollama_bench
