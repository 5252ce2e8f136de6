#include "stream_reader.h"

#include <gtest/gtest.h>

#include <chrono>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/text.h"
#include "support/test_data.h"

namespace ollama_bench {
namespace {

using Time = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

/// A reader, and the record that it fills.
struct Reading {
  explicit Reading(std::size_t longest_line = StreamReader::kLongestLine, bool keep_text = false)
      : reader("/api/generate", keep_text, record, longest_line) {}

  bool Feed(std::string_view bytes, Time arrived = {}) { return reader.Feed(bytes, arrived); }
  Expected<RunMetrics, Failure> Finish(int status) {
    reader.Finish(status);
    if (record.failure) return Unexpected<Failure>(*record.failure);
    return record.metrics;
  }

  StreamRecord record;
  StreamReader reader;
};

Expected<RunMetrics, Failure> Read(const std::string& answer, int status = 200) {
  Reading stream;
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

TEST(StreamReaderTest, ReadsTheLastLineOfEachRecordedVersion) {
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

TEST(StreamReaderTest, DoesNotMindWhereTheAnswerIsCutIntoPieces) {
  const std::string answer = Transcript("v0.11.4", "api_generate_stream.jsonl");
  const auto whole = Read(answer);
  ASSERT_TRUE(whole);
  for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
    Reading stream;
    stream.Feed(std::string_view(answer).substr(0, cut));
    stream.Feed(std::string_view(answer).substr(cut));
    EXPECT_EQ(stream.Finish(200), whole) << cut;
  }
}

TEST(StreamReaderTest, AnAnswerCutShortHasNoMetricsAndSaysSo) {
  const std::string answer = Transcript("v0.11.4", "api_generate_stream.jsonl");
  const std::size_t last_line = answer.rfind('\n', answer.size() - 2);
  for (std::size_t size = 0; size < last_line; ++size) {
    const auto metrics = Read(answer.substr(0, size));
    ASSERT_FALSE(metrics) << size;
    EXPECT_FALSE(metrics.error().message.empty());
  }
  EXPECT_EQ(KindOf(answer.substr(0, last_line + 1)), FailureKind::kNoMetrics);
}

TEST(StreamReaderTest, AnErrorInMidStreamIsClassifiedThoughTheStatusIs200) {
  EXPECT_EQ(KindOf("{\"response\":\"The\",\"done\":false}\n"
                   "{\"error\":\"CUDA error: out of memory\"}\n"),
            FailureKind::kOutOfMemory);
  EXPECT_EQ(KindOf("{\"error\":\"model runner has unexpectedly stopped\"}"),
            FailureKind::kRunnerCrash);
}

TEST(StreamReaderTest, AStatusAndItsWordsTellTheFailure) {
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

TEST(StreamReaderTest, RubbishIsAFailureWithItsBeginningShown) {
  for (const char* rubbish : {"hello\n", "[1,2]\n", "{\"done\":tru\n", "\x01\xff\n", "null"}) {
    EXPECT_EQ(KindOf(rubbish), FailureKind::kUnknown) << rubbish;
  }
  const std::string deep(100'000, '[');
  EXPECT_EQ(KindOf(deep), FailureKind::kUnknown);
}

TEST(StreamReaderTest, MetricsOfTheWrongTypeOrSignAreNoMetrics) {
  for (const char* line :
       {R"({"done":true,"prompt_eval_count":-5,"prompt_eval_duration":1000})",
        R"({"done":true,"prompt_eval_count":"5","prompt_eval_duration":1000})",
        R"({"done":true,"prompt_eval_count":5,"prompt_eval_duration":0})", R"({"done":true})"}) {
    const auto metrics = Read(line);
    ASSERT_TRUE(metrics) << line;
    EXPECT_FALSE(PromptEvalRate(*metrics)) << line;
  }
}

TEST(StreamReaderTest, AsksForNoMoreOnceTheAnswerIsKnown) {
  Reading stream;
  EXPECT_TRUE(stream.Feed("{\"response\":\"a\",\"done\":false}\n"));
  EXPECT_FALSE(stream.Feed("{\"error\":\"boom\"}\n"));
  EXPECT_FALSE(stream.Feed("{\"done\":true}\n"));
  EXPECT_EQ(stream.Finish(200).error().message, "boom");
}

TEST(StreamReaderTest, ALineWithoutAnEndIsGivenUpAtTheLimit) {
  Reading stream;
  const std::string megabyte(1024 * 1024, 'x');
  std::size_t fed = 0;
  while (stream.Feed(megabyte)) fed += megabyte.size();
  EXPECT_LE(fed, StreamReader::kLongestLine);
  EXPECT_EQ(stream.Finish(200).error().kind, FailureKind::kNoMetrics);
}

TEST(StreamReaderTest, ALineThatIsTooLongTellsTheSameHoweverItIsCut) {
  const std::string line = R"({"error":"boom"})" + std::string(40, ' ') + '\n';
  for (const int status : {200, 500}) {
    Reading whole(32);
    whole.Feed(line);
    Reading pieces(32);
    for (const char c : line) pieces.Feed({&c, 1});
    EXPECT_EQ(whole.Finish(status), pieces.Finish(status)) << status;
  }
}

TEST(StreamReaderTest, AnErrorAsLongAsABookIsShownByItsStart) {
  std::string book;
  while (book.size() < 100'000) book += "ü out of memory ";
  const auto failed = Read("{\"error\":\"" + book + "\"}\n", 500);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::kOutOfMemory);
  EXPECT_LE(failed.error().message.size(), 2000U);
  EXPECT_TRUE(book.starts_with(failed.error().message));
  EXPECT_EQ(Printable(failed.error().message), failed.error().message);
}

TEST(StreamReaderTest, KnowsTheFirstByteOfThinkingFromTheFirstOfTheAnswer) {
  Reading stream(StreamReader::kLongestLine, /*keep_text=*/true);
  const Time start{};
  stream.Feed("{\"response\":\"\",\"done\":false}\n", start + milliseconds(1));
  stream.Feed("{\"response\":\"\",\"thinking\":\"hm\",\"done\":false}\n", start + milliseconds(2));
  stream.Feed("{\"response\":\"Yes\\n\",\"done\":false}\n", start + milliseconds(3));
  stream.Feed("{\"response\":\"\",\"done\":true,\"eval_count\":3}\n", start + milliseconds(5));
  ASSERT_TRUE(stream.Finish(200));
  EXPECT_EQ(stream.record.first_text, start + milliseconds(2));
  EXPECT_EQ(stream.record.first_answer, start + milliseconds(3));
  EXPECT_EQ(stream.record.done, start + milliseconds(5));
  EXPECT_EQ(stream.record.text, "Yes\n");
  EXPECT_EQ(TimePerOutputToken(stream.record), std::chrono::nanoseconds(1'500'000));
  ASSERT_EQ(stream.record.chunks.size(), 3U);
  EXPECT_EQ(stream.record.chunks[0].kind, ChunkKind::kEmpty);
  EXPECT_EQ(stream.record.chunks[1].kind, ChunkKind::kThinking);
  EXPECT_EQ(stream.record.chunks[2].kind, ChunkKind::kText);
}

TEST(StreamReaderTest, ReadsAChatAsItReadsAText) {
  StreamRecord record;
  StreamReader reader("/api/chat", /*keep_text=*/true, record);
  reader.Feed(R"({"created_at":"2026-11-27T10:00:00.5Z","message":{"role":"assistant",)"
              R"("content":"a{\"b"},"done":false})"
              "\n{\"message\":{\"content\":\"\"},\"done\":true,\"eval_count\":1}\n",
              Time{} + milliseconds(7));
  reader.Finish(200);
  EXPECT_EQ(record.end, StreamEnd::kDone);
  EXPECT_EQ(record.text, "a{\"b");
  EXPECT_EQ(record.first_answer, Time{} + milliseconds(7));
  ASSERT_EQ(record.chunks.size(), 1U);
  EXPECT_DOUBLE_EQ(record.chunks[0].created_s, *SecondsSince1970("2026-11-27T10:00:00.5Z"));
}

TEST(StreamReaderTest, AnEndWithoutALastLineIsUnfinishedAndKeepsItsChunks) {
  Reading stream;
  stream.Feed("{\"response\":\"a\",\"done\":false}\n{\"response\":\"a\",\"done\":false}\n");
  EXPECT_FALSE(stream.Finish(200));
  EXPECT_EQ(stream.record.end, StreamEnd::kUnfinished);
  EXPECT_EQ(stream.record.chunks.size(), 2U);
}

}  // namespace
}  // namespace ollama_bench
