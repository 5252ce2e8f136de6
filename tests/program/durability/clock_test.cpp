// The wall clock jumps by a year: a dead battery, a wrong time server.
#include <fmt/format.h>

#include "program/durability/durability_fixture.h"

namespace ollama_bench::testing {
namespace {

class ClockLongTest : public DurabilityFixture {
 protected:
  [[nodiscard]] std::set<std::string> YearsOfSamples() const {
    std::set<std::string> years;
    const Json store = Store();
    for (const Json& entry : store["results"]) {
      for (const Json& sample : entry["samples"]) {
        years.insert(sample["started"].get<std::string>().substr(0, 4));
      }
    }
    return years;
  }
};

TEST_F(ClockLongTest, JumpsOfAYearNeitherSpoilNorLoseASample) {
  const Share share = TakeShare(4, 50);
  std::mt19937 random(share.seed);
  constexpr long kYear = 365L * 24 * 3600;
  std::set<std::string> years;
  for (int i = 0; i < share.count; ++i) {
    std::uniform_int_distribution<int> look(1, 40);
    const int first = look(random);
    const long direction = random() % 2 == 0 ? 1 : -1;
    Program sweep = SmallSweep();
    sweep.environment.emplace_back("LD_PRELOAD", OLLAMA_BENCH_JUMPING_CLOCK);
    // The sanitizers' library wants to be the first one otherwise.
    sweep.environment.emplace_back("ASAN_OPTIONS", "verify_asan_link_order=0");
    sweep.environment.emplace_back(
        "OLLAMA_BENCH_CLOCK_JUMPS",
        fmt::format("{}:{},{}:{}", first, direction * kYear, first + look(random),
                    (random() % 2 == 0 ? 1 : -1) * kYear));
    Program half = sweep;
    half.argv.insert(half.argv.end(), {"--limit", "2"});
    // Two starts: the second goes on in another year than the first ended in.
    ASSERT_EQ(RunProgram(half).exit_code, 0);
    const Ended ended = RunProgram(sweep);
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    ExpectSmallSweepWhole();
    years.merge(YearsOfSamples());
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "jump " << i << " seed " << share.seed;
  }
  EXPECT_GE(years.size(), 2U) << "the clock did not jump";
}

}  // namespace
}  // namespace ollama_bench::testing
