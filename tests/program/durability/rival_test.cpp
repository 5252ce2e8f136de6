// Two starts in the same instant.
#include "program/durability/durability_fixture.h"

namespace ollama_bench::testing {
namespace {

class RivalLongTest : public DurabilityFixture {
 protected:
  // Starts both at once: at least one must work, and the other is either refused or comes after it.
  void Race(const Program& first, const Program& second, int* refused) const {
    RunningProgram a(first);
    RunningProgram b(second);
    const Ended ends[] = {a.Wait(), b.Wait()};
    EXPECT_TRUE(ends[0].exit_code == 0 || ends[1].exit_code == 0);
    for (int i = 0; i < 2; ++i) {
      if (ends[i].exit_code == 0) continue;
      ++*refused;
      EXPECT_EQ(ends[i].exit_code, 4) << ends[i].err;
      const auto holder = std::to_string(i == 0 ? b.pid() : a.pid());
      const bool named = ends[i].err.find("in use by process " + holder) != std::string::npos;
      // In the instant before the holder has written its name down it is not known.
      EXPECT_TRUE(named || ends[i].err.find("in use by another process") != std::string::npos)
          << ends[i].err;
    }
  }

  // How often the runs on the server change from one sweep's temporary model to another's.
  [[nodiscard]] int ChangesOfSweep(std::size_t first_call) const {
    int changes = 0;
    std::string last;
    const Json calls = server_.Calls();
    for (std::size_t i = first_call; i < calls.size(); ++i) {
      if (calls[i]["command"] != "run") continue;
      const std::string model = calls[i]["model"];
      if (!last.empty() && model != last) ++changes;
      last = model;
    }
    return changes;
  }
};

TEST_F(RivalLongTest, OnOneStoreOneMeasuresAndTheOtherIsToldWho) {
  const Share share = TakeShare(6, 200);
  const auto models = Models();
  int refused = 0;
  for (int i = 0; i < share.count; ++i) {
    Race(SmallSweep(), SmallSweep(), &refused);
    ExpectSmallSweepWhole();
    EXPECT_EQ(Models(), models);
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "race " << i;
  }
  std::cout << refused << " refused\n";
  EXPECT_GT(refused, 0);
}

TEST_F(RivalLongTest, OnOneServerTheyDoNotMeasureEachOther) {
  const Share share = TakeShare(6, 200);
  const auto models = Models();
  int refused = 0;
  for (int i = 0; i < share.count; ++i) {
    const std::size_t calls_before = server_.Calls().size();
    Race(SmallSweep({"--results", "a.benchmark_results.json"}),
         SmallSweep({"--results", "b.benchmark_results.json", "--host",
                     "localhost:" + std::to_string(server_.port())}),
         &refused);
    EXPECT_EQ(Models(), models);
    EXPECT_LE(ChangesOfSweep(calls_before), 1) << "their calls are mixed";
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "race " << i;
  }
  std::cout << refused << " refused\n";
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace ollama_bench::testing
