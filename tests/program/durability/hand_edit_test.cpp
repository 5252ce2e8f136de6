// Somebody edits the results while a sweep writes them.
#include <csignal>
#include <fstream>

#include "program/durability/durability_fixture.h"

namespace ollama_bench::testing {
namespace {

class HandEditLongTest : public DurabilityFixture {
 protected:
  // Holds the program still where it is not about to rename: an edit in the instant between its
  // last look and the rename is lost, as FORMAT.md says. False when it has ended.
  [[nodiscard]] bool Hold(const RunningProgram& program) const {
    const auto temporary = server_.folder() / ".benchmark_results.json.ollama-bench-tmp";
    while (true) {
      program.Signal(SIGSTOP);
      char state = '?';
      while (state != 'T') {
        state = StateOf(program.pid());
        if (state == 'Z' || state == '?') return false;
      }
      if (!std::filesystem::exists(temporary)) return true;
      program.Signal(SIGCONT);
    }
  }
  // "T" for stopped (proc(5)), '?' where there is no such process.
  static char StateOf(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(stat, line);
    const auto name_end = line.rfind(')');
    return name_end == std::string::npos ? '?' : line.at(name_end + 2);
  }

  // Deletes, adds, notes or reformats, and remembers what must hold from then on.
  void Edit(std::mt19937& random) {
    Json store = Store();
    Json& results = store["results"];
    ++edits_;
    switch (random() % 4) {
      case 0:
        if (!results.empty()) {
          const std::size_t at = random() % results.size();
          for (const Json& sample : results[at].value("samples", Json::array())) {
            deleted_.insert(sample["id"]);
          }
          added_.erase(results[at]["num_ctx"].get<int>());
          results.erase(at);
        }
        break;
      case 1:
        results.push_back({{"num_ctx", 10'000 + edits_},
                           {"num_batch", 1},
                           {"prompt_eval_rate", 1.5},
                           {"timestamp", "by hand"}});
        added_.insert(10'000 + edits_);
        break;
      case 2:
        store["metadata"]["note " + std::to_string(edits_)] = "by hand";
        notes_.insert("note " + std::to_string(edits_));
        break;
      default:
        break;
    }
    const std::string text = store.dump(static_cast<int>(random() % 5));
    const bool in_place = random() % 2 == 0;
    Write(in_place ? "benchmark_results.json" : "edited", text);
    if (!in_place) {
      std::filesystem::rename(server_.folder() / "edited",
                              server_.folder() / "benchmark_results.json");
    }
  }
  void ExpectEditsKept() const {
    const auto saved = SavedSamples();
    for (const std::string& id : deleted_) EXPECT_FALSE(saved.contains(id)) << "came back " << id;
    const Json store = Store();
    for (const std::string& note : notes_) EXPECT_TRUE(store["metadata"].contains(note)) << note;
    std::set<int> contexts;
    for (const Json& entry : store["results"]) contexts.insert(entry["num_ctx"].get<int>());
    for (const int num_ctx : added_) EXPECT_TRUE(contexts.contains(num_ctx)) << num_ctx;
  }

  int edits_ = 0;
  std::set<std::string> deleted_;
  std::set<std::string> notes_;
  std::set<int> added_;
};

TEST_F(HandEditLongTest, DuringARunAreAllKept) {
  const Share share = TakeShare(8, 100);
  std::mt19937 random(share.seed);
  int sweeps = 0;
  while (edits_ < share.count) {
    RunningProgram program(SmallSweep());
    ASSERT_TRUE(program.WaitForOutput("results"));
    ++sweeps;
    while (edits_ < share.count) {
      WaitForRandomMoment(random, 25);
      if (!Hold(program)) break;
      if (std::filesystem::exists(server_.folder() / "benchmark_results.json")) Edit(random);
      program.Signal(SIGCONT);
    }
    const Ended ended = program.Wait();
    // 1: what was measured is deleted again, all of it.
    ASSERT_TRUE(ended.exit_code == 0 || ended.exit_code == 1)
        << ended.err << " seed " << share.seed;
    ExpectEditsKept();
    // What was deleted is measured again by the next start, and only that.
    EXPECT_EQ(RunProgram(SmallSweep()).exit_code, 0);
    ExpectEditsKept();
    auto counted = CountedSamples();
    std::erase_if(counted, [](const auto& cell) { return cell.first.first >= 10'000; });
    EXPECT_EQ(counted.size(), static_cast<std::size_t>(kCells));
    ASSERT_FALSE(HasFailure()) << "seed " << share.seed;
    ForgetResults();
    deleted_.clear();
    notes_.clear();
    added_.clear();
  }
  std::cout << edits_ << " edits in " << sweeps << " sweeps\n";
}

}  // namespace
}  // namespace ollama_bench::testing
