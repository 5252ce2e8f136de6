#include "ollama_bench/machine/conditions.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

class ConditionsTest : public testing::Test {
 protected:
  ConditionsTest() {
    std::filesystem::create_directories(folder_ / "pressure");
    std::filesystem::create_directories(folder_ / "sys");
    Tell("0.01 0.02 0.03 1/100 999", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  }
  void Tell(const std::string& load, const std::string& pressure) {
    folder_.Write("loadavg", load);
    folder_.Write("pressure/memory", pressure);
  }
  [[nodiscard]] std::vector<MachineCondition> Find() const {
    return FindConditions(folder_.path(), folder_ / "sys");
  }

  TemporaryFolder folder_;
};

TEST_F(ConditionsTest, AQuietMachineHasNone) {
  EXPECT_TRUE(Find().empty());
}

TEST_F(ConditionsTest, OtherLoadIsToldWithItsSize) {
  Tell("4096.5 1 1 5000/9000 999", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  ASSERT_EQ(Find().size(), 1U);
  EXPECT_NE(Find()[0].text.find("4096.5 of "), std::string::npos);
  EXPECT_FALSE(Find()[0].remedy.empty());
}

TEST_F(ConditionsTest, ALoadThatHasEndedIsNotBlamedOnOthers) {
  Tell("4096.5 1 1 1/100 999", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  EXPECT_TRUE(Find().empty());
}

TEST_F(ConditionsTest, MemoryPressureIsTold) {
  Tell("0 0 0 1/100 999", "some avg10=12.40 avg60=0.00 avg300=0.00 total=0\n");
  ASSERT_EQ(Find().size(), 1U);
  EXPECT_NE(Find()[0].text.find("12 %"), std::string::npos);
}

TEST_F(ConditionsTest, RubbishAndMissingFilesArePassedOver) {
  Tell("rubbish", "rubbish");
  EXPECT_TRUE(Find().empty());
  EXPECT_TRUE(FindConditions("/nonexistent", "/nonexistent").empty());
}

}  // namespace
}  // namespace ollama_bench
