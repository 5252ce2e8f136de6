#include "support/simulator/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace ollama_bench::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

Law Parsed(const std::string& text) {
  const auto law = ParseLaw(text);
  EXPECT_TRUE(law) << (law ? "" : law.error());
  return law.value_or(Law());
}

/// Requests in a time that costs none.
class EngineTest : public testing::Test {
 protected:
  static constexpr Time kStart{std::chrono::hours(1)};

  void Obey(const std::string& law) { engine_.emplace(Parsed(law), kStart); }
  std::uint64_t Arrive(Time time, std::int64_t tokens, const std::string& runner = "") {
    Collect(time);
    const std::uint64_t number = engine_->Arrive(time, {10, tokens, runner}).number;
    Collect(time);
    return number;
  }
  void RunToEnd() {
    while (const auto next = engine_->Next()) Collect(*next);
  }
  void Collect(Time until) {
    for (const Piece& piece : engine_->Advance(until)) pieces_.push_back(piece);
  }
  const Progress& Of(std::uint64_t number) { return *engine_->Find(number); }
  std::vector<Piece> PiecesOf(std::uint64_t number) const {
    std::vector<Piece> own;
    for (const Piece& piece : pieces_) {
      if (piece.number == number) own.push_back(piece);
    }
    return own;
  }
  std::string KindsOf(std::uint64_t number) const {
    std::string kinds;
    for (const Piece& piece : PiecesOf(number)) kinds += "ethlxnc"[static_cast<int>(piece.kind)];
    return kinds;
  }

  std::optional<Engine> engine_;
  std::vector<Piece> pieces_;
};

TEST_F(EngineTest, APrefillAndStepsMakeAnAnswerOfExactTimes) {
  Obey(R"({"prefill_s": {"a": 0.05, "b": 0.001}, "step_s": 0.02, "overhead_s": 0.003})");
  const auto number = Arrive(kStart, 4);
  RunToEnd();
  const Progress& answer = Of(number);
  EXPECT_EQ(answer.Queued(), milliseconds(3));
  EXPECT_EQ(answer.first_token - answer.slot, milliseconds(60));
  EXPECT_EQ(answer.end - answer.first_token, milliseconds(60));
  EXPECT_EQ(answer.tokens, 4);
  EXPECT_EQ(KindsOf(number), "ttttl");
}

TEST_F(EngineTest, RequestsWithoutASlotWaitInTheOrderOfTheirArrival) {
  Obey(R"({"slots": 2, "prefill_s": {"a": 0.1}, "step_s": 0.1})");
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 6; ++i) numbers.push_back(Arrive(kStart + milliseconds(i), 10));
  RunToEnd();
  const std::vector<nanoseconds> waits = {milliseconds(0),    milliseconds(0),
                                          milliseconds(998),  milliseconds(998),
                                          milliseconds(1996), milliseconds(1996)};
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(Of(numbers[i]).Queued(), waits[i]);
}

TEST_F(EngineTest, ThroughputRisesWithTheSlotsAndNotBeyond) {
  const auto rate = [&](int concurrency) {
    Obey(R"({"slots": 4, "prefill_s": {"a": 0}, "step_s": 0.01, "step_slope": 0.2})");
    for (int i = 0; i < concurrency; ++i) Arrive(kStart, 101);
    std::int64_t left = 100;
    std::int64_t tokens = 0;
    Time end = kStart;
    while (const auto next = engine_->Next()) {
      for (const Piece& piece : engine_->Advance(*next)) {
        if (piece.kind != Piece::Kind::kLast) continue;
        tokens += Of(piece.number).tokens;
        end = piece.time;
        if (left-- > 0) Arrive(piece.time, 101);
      }
    }
    return static_cast<double>(tokens) / std::chrono::duration<double>(end - kStart).count();
  };
  const double one = rate(1);
  EXPECT_NEAR(one, 101, 0.1);
  // A step of n slots takes 1 + 0.2 (n - 1) times as long.
  EXPECT_NEAR(rate(2) / one, 2 / 1.2, 0.05);
  EXPECT_NEAR(rate(4) / one, 4 / 1.6, 0.1);
  EXPECT_NEAR(rate(12) / rate(4), 1, 0.05);
}

TEST_F(EngineTest, AFullQueueRefusesAndAFreeSlotDoesNot) {
  Obey(R"({"slots": 1, "queue_limit": 2})");
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 5; ++i) outcomes.push_back(Of(Arrive(kStart, 2)).outcome);
  using enum Outcome;
  EXPECT_EQ(outcomes, (std::vector{kDone, kDone, kDone, kRefused, kRefused}));
  RunToEnd();
  EXPECT_EQ(pieces_.size(), 9U);
}

TEST_F(EngineTest, ACancelledRequestFreesItsSlotOrItsPlace) {
  Obey(R"({"slots": 1, "prefill_s": {"a": 0.1}})");
  const auto running = Arrive(kStart, 1000);
  const auto waiting = Arrive(kStart, 2);
  const auto last = Arrive(kStart, 2);
  engine_->Cancel(kStart, waiting);
  Collect(kStart + milliseconds(50));
  engine_->Cancel(kStart + milliseconds(50), running);
  RunToEnd();
  EXPECT_EQ(Of(last).slot, kStart + milliseconds(50));
  EXPECT_EQ(KindsOf(running) + KindsOf(waiting), "");
  EXPECT_EQ(Of(running).outcome, Outcome::kCancelled);
}

TEST_F(EngineTest, TheModelIsLoadedOnceAndAgainForOtherOptionsOrAfterAnUnload) {
  Obey(R"({"slots": 2, "load_s": 1, "prefill_s": {"a": 0.1}})");
  const auto cold = Arrive(kStart, 1, "num_ctx=1024 ");
  const auto beside = Arrive(kStart + milliseconds(400), 1, "num_ctx=1024 ");
  RunToEnd();
  EXPECT_EQ(Of(cold).load, milliseconds(1000));
  EXPECT_EQ(Of(beside).load, milliseconds(600));
  EXPECT_EQ(Of(beside).Queued(), nanoseconds(0));
  const Time later = kStart + std::chrono::seconds(10);
  const auto warm = Arrive(later, 1, "num_ctx=1024 ");
  const auto other = Arrive(later, 1, "num_ctx=2048 ");
  RunToEnd();
  EXPECT_EQ(Of(warm).load, nanoseconds(0));
  EXPECT_EQ(Of(other).load, milliseconds(1000));
  EXPECT_EQ(Of(other).Queued(), milliseconds(100)) << "what runs is let finish first";
  engine_->Unload(later + std::chrono::seconds(10));
  RunToEnd();
  EXPECT_FALSE(engine_->loaded());
}

TEST_F(EngineTest, AStallDelaysAllByItsLength) {
  Obey(R"({"slots": 1, "prefill_s": {"a": 1}, "step_s": 1, "stall": {"at_s": 1.5, "for_s": 2}})");
  const auto before = Arrive(kStart, 3);
  const auto within = Arrive(kStart + milliseconds(1600), 1);
  RunToEnd();
  EXPECT_EQ(Of(before).first_token, kStart + milliseconds(1000));
  EXPECT_EQ(Of(before).end, kStart + milliseconds(5000));
  EXPECT_EQ(Of(within).end, kStart + milliseconds(6000));
  Obey(R"({"prefill_s": {"a": 0.1}, "step_s": 0.1, "stall": {"at_request": 2, "for_s": 2}})");
  Arrive(kStart, 1);
  const auto stopped = Arrive(kStart + milliseconds(500), 1);
  RunToEnd();
  EXPECT_EQ(Of(stopped).end, kStart + milliseconds(2600));
}

TEST_F(EngineTest, ChunksHoldWhatTheLawSaysAndNoTokenIsLost) {
  const std::map<std::string, std::string> kinds = {
      {R"({"tokens_per_chunk": 3})", "tttl"},
      {R"({"thinking": 3})", "hhhttttl"},
      {R"({"tokens_per_chunk": 2, "thinking": 3})", "hhttl"},
      {R"({"empty_first_chunk": true})", "ettttttl"},
      {R"({"utf8_holdback": 3})", "tttttl"},
      {R"({"tokens": {"kind": "fixed", "count": 5}})", "ttttl"},
      {R"({"tokens": {"kind": "fixed", "count": 50}})", "tttttttl"}};
  for (const auto& [law, expected] : kinds) {
    Obey(law);
    pieces_.clear();
    const auto number = Arrive(kStart, 7);
    RunToEnd();
    EXPECT_EQ(KindsOf(number), expected) << law;
    std::int64_t next = 1;
    for (const Piece& piece : PiecesOf(number)) {
      if (piece.tokens == 0) {
        next += piece.kind == Piece::Kind::kEmpty ? 1 : 0;
        continue;
      }
      EXPECT_EQ(piece.first, next) << law;
      next += piece.tokens;
    }
    EXPECT_EQ(next - 1 + (Of(number).stops_early ? 1 : 0), Of(number).tokens) << law;
  }
}

TEST_F(EngineTest, FaultsHitEachSoManyethRequest) {
  Obey(R"({"faults": [{"kind": "error", "every": 4, "after_tokens": 2},
                      {"kind": "no_done", "every": 3, "after_tokens": 1},
                      {"kind": "refuse", "every": 5, "status": 500}]})");
  std::string all;
  for (int i = 0; i < 6; ++i) {
    const auto number = Arrive(kStart + std::chrono::seconds(i), 3);
    RunToEnd();
    all += KindsOf(number) + " ";
  }
  EXPECT_EQ(all, "tttl tttl tn ttx  tn ");
}

TEST_F(EngineTest, SpeedDriftsAndSwingsAndJitterHasTheMeanOne) {
  const Law drifting = Parsed(R"({"drift_per_s": -0.001, "wave": {"amplitude": 0.1}})");
  EXPECT_NEAR(drifting.Speed(60), 0.94, 1e-9);
  EXPECT_NEAR(drifting.Speed(15), 0.985 * 1.1, 1e-9);
  const Law noisy = Parsed(R"({"jitter": 0.3, "noise": {"sigma": 0.1, "block_s": 5}})");
  EXPECT_EQ(noisy.Speed(1), noisy.Speed(4));
  EXPECT_NE(noisy.Speed(1), noisy.Speed(6));
  double sum = 0;
  constexpr int kDraws = 20'000;
  for (std::uint64_t i = 1; i <= kDraws; ++i) sum += noisy.Jitter(i);
  // Four standard errors of a lognormal factor with sigma 0.3.
  EXPECT_NEAR(sum / kDraws, 1, 4 * 0.307 / std::sqrt(kDraws));
}

TEST_F(EngineTest, LengthsFollowTheirDistributionAndTheSeed) {
  const Law geometric = Parsed(R"({"tokens": {"kind": "geometric", "mean": 20}})");
  const Law uniform = Parsed(R"({"tokens": {"kind": "uniform", "low": 3, "high": 9}})");
  constexpr int kDraws = 20'000;
  std::int64_t sum = 0;
  std::map<std::int64_t, int> seen;
  for (std::uint64_t i = 1; i <= kDraws; ++i) {
    sum += geometric.Tokens(i, 0);
    ++seen[uniform.Tokens(i, 0)];
    EXPECT_LE(geometric.Tokens(i, 8), 8);
  }
  EXPECT_NEAR(static_cast<double>(sum) / kDraws, 20, 4 * 19.5 / std::sqrt(kDraws));
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(seen.begin()->first, 3);
  const Law other = Parsed(R"({"seed": 2, "tokens": {"kind": "geometric", "mean": 20}})");
  int equal = 0;
  for (std::uint64_t i = 1; i <= 100; ++i) equal += geometric.Tokens(i, 0) == other.Tokens(i, 0);
  EXPECT_LT(equal, 30);
}

TEST_F(EngineTest, CachedTokensCostNothing) {
  Obey(R"({"prefill_s": {"a": 0, "b": 0.01}, "cached_share": 0.4})");
  const auto number = Arrive(kStart, 1);
  RunToEnd();
  EXPECT_EQ(Of(number).cached, 4);
  EXPECT_EQ(Of(number).first_token - Of(number).slot, milliseconds(60));
}

TEST(LawTest, AMisspeltKeyIsAnError) {
  for (const char* text :
       {R"({"slot": 2})", R"({"prefill_s": {"c": 1}})", "[]", "{", "",
        R"({"faults": [{"kind": "eror"}]})", R"({"slots": 0})", R"({"step_s": "fast"})"}) {
    EXPECT_FALSE(ParseLaw(text)) << text;
  }
}

}  // namespace
}  // namespace ollama_bench::simulator
