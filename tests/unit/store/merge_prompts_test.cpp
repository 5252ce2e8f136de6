#include "ollama_bench/store/merge_prompts.h"

#include <gtest/gtest.h>

#include "ollama_bench/store/prompt_lines.h"
#include "support/memory_file_system.h"
#include "support/prompt_records.h"

namespace ollama_bench {
namespace {

class MergePromptsTest : public testing::Test {
 protected:
  void Save(const std::string& name, const std::vector<PromptRecord>& records) {
    std::string text;
    for (const PromptRecord& record : records) text += FormatPromptLine(record) + "\n";
    files_.Save(name, text);
  }
  MergedPrompts Merge(const std::vector<std::filesystem::path>& paths) {
    auto merged = MergedPrompts::Read(files_, paths);
    EXPECT_TRUE(merged) << merged.error().message;
    return std::move(*merged);
  }
  static std::string TextOf(const MergedPrompts& merged) {
    std::string text;
    EXPECT_TRUE(merged.Write([&text](std::string_view line) { text += line; }));
    return text;
  }

  MemoryFileSystem files_;
};

TEST_F(MergePromptsTest, ShardsInAnyOrderBecomeTheWhole) {
  std::vector<PromptRecord> whole;
  for (int i = 0; i < 10; ++i) whole.push_back(AnsweredPrompt(i, 10));
  Save("whole", whole);
  std::vector<std::filesystem::path> paths;
  for (std::size_t shard = 3; shard-- > 0;) {
    std::vector<PromptRecord> part;
    for (std::size_t i = shard; i < 10; i += 3) part.push_back(whole[i]);
    Save("part" + std::to_string(shard), part);
    paths.push_back("part" + std::to_string(shard));
  }
  const MergedPrompts merged = Merge(paths);
  EXPECT_TRUE(merged.conflicts().empty()) << merged.conflicts().front();
  EXPECT_EQ(merged.missing(), 0U);
  EXPECT_EQ(TextOf(merged), files_.TextOf("whole"));
  paths.push_back("whole");
  EXPECT_EQ(TextOf(Merge(paths)), files_.TextOf("whole")) << "a file that is named twice";
}

TEST_F(MergePromptsTest, NamesWhatIsMissing) {
  Save("a", {AnsweredPrompt(0, 7), AnsweredPrompt(4, 7)});
  const MergedPrompts merged = Merge({"a"});
  EXPECT_EQ(merged.missing(), 5U);
  EXPECT_EQ(merged.MissingPlaces(), "2-4, 6-7");
}

TEST_F(MergePromptsTest, AnAnswerBeatsAFailureAndTwoAnswersConflict) {
  Save("a", {FailedPrompt(0, 1, FailureKind::kTimeout, "timed_out")});
  Save("b", {AnsweredPrompt(0, 1)});
  for (const auto& paths : {std::vector<std::filesystem::path>{"a", "b"}, {"b", "a"}}) {
    const MergedPrompts merged = Merge(paths);
    EXPECT_TRUE(merged.conflicts().empty());
    EXPECT_EQ(TextOf(merged), files_.TextOf("b"));
  }
  PromptRecord later = AnsweredPrompt(0, 1);
  later.started_unix_s += 60;
  Save("c", {later});
  EXPECT_EQ(Merge({"b", "c"}).conflicts().size(), 1U);
}

TEST_F(MergePromptsTest, PartsOfTwoDataSetsOrModelsAreNotAWhole) {
  PromptRecord other = AnsweredPrompt(1, 2);
  other.item.prompt = "Something else";
  other.place.chain = NextChain(NextChain("", {"x", false, "y"}), other.item);
  Save("a", {AnsweredPrompt(0, 2)});
  Save("b", {other});
  EXPECT_EQ(Merge({"a", "b"}).conflicts().size(), 1U);
  other = AnsweredPrompt(1, 2);
  other.config.digest = "sha256:def";
  Save("b", {other});
  EXPECT_EQ(Merge({"a", "b"}).conflicts().size(), 1U);
}

}  // namespace
}  // namespace ollama_bench
