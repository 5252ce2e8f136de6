#include "generate.h"

#include <gtest/gtest.h>

#include "ollama_bench/core/text.h"
#include "support/test_data.h"

namespace ollama_bench {
namespace {

Expected<RunMetrics, Failure> Read(const std::string& answer, int status = 200) {
  GenerateStream stream;
  stream.Feed(answer);
  return stream.Finish(status);
}

std::string Transcript(const std::string& version, const std::string& file) {
  return ReadTestData("transcripts/" + version + "/" + file);
}

FailureKind KindOf(const std::string& answer, int status = 200) {
  const auto metrics = Read(answer, status);
  EXPECT_FALSE(metrics) << answer;
  return metrics ? FailureKind::kUnknown : metrics.error().kind;
}

TEST(GenerateStreamTest, ReadsTheLastLineOfEachRecordedVersion) {
  for (const std::string& version : TranscriptVersions()) {
    for (const char* file : {"api_generate.json", "api_generate_stream.jsonl"}) {
      const auto metrics = Read(Transcript(version, file));
      ASSERT_TRUE(metrics) << version << file << metrics.error().message;
      EXPECT_GT(metrics->prompt_eval_count.value_or(0), 0) << version << file;
      EXPECT_GT(PromptEvalRate(*metrics).value_or(0), 0) << version << file;
      EXPECT_GT(metrics->total.value_or(std::chrono::nanoseconds(0)),
                metrics->prompt_eval.value_or(std::chrono::nanoseconds(0)))
          << version << file;
    }
  }
}

TEST(GenerateStreamTest, DoesNotMindWhereTheAnswerIsCutIntoPieces) {
  const std::string answer = Transcript("v0.11.4", "api_generate_stream.jsonl");
  const auto whole = Read(answer);
  ASSERT_TRUE(whole);
  for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
    GenerateStream stream;
    stream.Feed(std::string_view(answer).substr(0, cut));
    stream.Feed(std::string_view(answer).substr(cut));
    EXPECT_EQ(stream.Finish(200), whole) << cut;
  }
}

TEST(GenerateStreamTest, AnAnswerCutShortHasNoMetricsAndSaysSo) {
  const std::string answer = Transcript("v0.11.4", "api_generate_stream.jsonl");
  const std::size_t last_line = answer.rfind('\n', answer.size() - 2);
  for (std::size_t size = 0; size < last_line; ++size) {
    const auto metrics = Read(answer.substr(0, size));
    ASSERT_FALSE(metrics) << size;
    EXPECT_FALSE(metrics.error().message.empty());
  }
  EXPECT_EQ(KindOf(answer.substr(0, last_line + 1)), FailureKind::kNoMetrics);
}

TEST(GenerateStreamTest, AnErrorInMidStreamIsClassifiedThoughTheStatusIs200) {
  EXPECT_EQ(KindOf("{\"response\":\"The\",\"done\":false}\n"
                   "{\"error\":\"CUDA error: out of memory\"}\n"),
            FailureKind::kOutOfMemory);
  EXPECT_EQ(KindOf("{\"error\":\"model runner has unexpectedly stopped\"}"),
            FailureKind::kRunnerCrash);
}

TEST(GenerateStreamTest, AStatusAndItsWordsTellTheFailure) {
  EXPECT_EQ(KindOf(Transcript("v0.11.4", "api_generate_missing.json"), 404),
            FailureKind::kModelMissing);
  EXPECT_EQ(KindOf("{\"error\":\"server busy, please try again.  maximum pending requests "
                   "exceeded\"}\n",
                   503),
            FailureKind::kServerBusy);
  const auto refused = Read("<html>Bad gateway</html>", 502);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().message,
      "/api/generate answers with status 502: a proxy does not reach Ollama; see whether Ollama "
      "runs behind it");
}

TEST(GenerateStreamTest, RubbishIsAFailureWithItsBeginningShown) {
  for (const char* rubbish : {"hello\n", "[1,2]\n", "{\"done\":tru\n", "\x01\xff\n", "null"}) {
    EXPECT_EQ(KindOf(rubbish), FailureKind::kUnknown) << rubbish;
  }
  const std::string deep(100'000, '[');
  EXPECT_EQ(KindOf(deep), FailureKind::kUnknown);
}

TEST(GenerateStreamTest, MetricsOfTheWrongTypeOrSignAreNoMetrics) {
  for (const char* line :
       {R"({"done":true,"prompt_eval_count":-5,"prompt_eval_duration":1000})",
        R"({"done":true,"prompt_eval_count":"5","prompt_eval_duration":1000})",
        R"({"done":true,"prompt_eval_count":5,"prompt_eval_duration":0})", R"({"done":true})"}) {
    EXPECT_EQ(KindOf(line), FailureKind::kNoMetrics) << line;
  }
}

TEST(GenerateStreamTest, AsksForNoMoreOnceTheAnswerIsKnown) {
  GenerateStream stream;
  EXPECT_TRUE(stream.Feed("{\"response\":\"a\",\"done\":false}\n"));
  EXPECT_FALSE(stream.Feed("{\"error\":\"boom\"}\n"));
  EXPECT_FALSE(stream.Feed("{\"done\":true}\n"));
  EXPECT_EQ(stream.Finish(200).error().message, "boom");
}

TEST(GenerateStreamTest, ALineWithoutAnEndIsGivenUpAtTheLimit) {
  GenerateStream stream;
  const std::string megabyte(1024 * 1024, 'x');
  std::size_t fed = 0;
  while (stream.Feed(megabyte)) fed += megabyte.size();
  EXPECT_LE(fed, GenerateStream::kLongestLine);
  EXPECT_EQ(stream.Finish(200).error().kind, FailureKind::kNoMetrics);
}

TEST(GenerateStreamTest, ALineThatIsTooLongTellsTheSameHoweverItIsCut) {
  const std::string line = R"({"error":"boom"})" + std::string(40, ' ') + '\n';
  for (const int status : {200, 500}) {
    GenerateStream whole(32);
    whole.Feed(line);
    GenerateStream pieces(32);
    for (const char c : line) pieces.Feed({&c, 1});
    EXPECT_EQ(whole.Finish(status), pieces.Finish(status)) << status;
  }
}

TEST(GenerateStreamTest, AnErrorAsLongAsABookIsShownByItsStart) {
  std::string book;
  while (book.size() < 100'000) book += "ü out of memory ";
  const auto failed = Read("{\"error\":\"" + book + "\"}\n", 500);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::kOutOfMemory);
  EXPECT_LE(failed.error().message.size(), 2000U);
  EXPECT_TRUE(book.starts_with(failed.error().message));
  EXPECT_EQ(Printable(failed.error().message), failed.error().message);
}

}  // namespace
}  // namespace ollama_bench
