#include "ollama_bench/config/sweep_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

#include "config_fixture.h"
#include "support/pair.h"

namespace ollama_bench {
namespace {

class FormatConfigTest : public ConfigTest {
 protected:
  // What is read back from the configuration as it is written.
  SweepConfig RoundTrip(const SweepConfig& config) {
    const auto read = Load(FormatSweepConfig(config));
    EXPECT_TRUE(read) << Lines(read) << FormatSweepConfig(config);
    return read ? *read : SweepConfig();
  }

  // The same of one whose requests are the same for all cells.
  SweepConfig HeldRoundTrip(const SweepConfig& config) {
    SweepConfig read = RoundTrip(config);
    HoldRequestForAll(read);
    return read;
  }
};

TEST_F(FormatConfigTest, WhatIsWrittenIsReadBackToTheSameValues) {
  SweepConfig config;
  EXPECT_EQ(RoundTrip(config), config) << "nothing said";
  config.extra = 0;
  EXPECT_EQ(RoundTrip(config), config) << "no extra loads are not the usual ones";
  config.model = "hf.co/me/model:Q4_0";
  config.space = PairSpace({4096, 1024, 2048}, {64});
  EXPECT_EQ(RoundTrip(config), config);
  config.num_predict = 9;
  EXPECT_EQ(HeldRoundTrip(config), config);
  config.row_first = true;
  config.repetitions = 4;
  config.extra = 1;
  config.timeout = std::chrono::seconds(77);
  config.prompt = BuiltInPrompt{300};
  EXPECT_EQ(HeldRoundTrip(config), config);
}

TEST_F(FormatConfigTest, APromptInWordsKeepsEveryCharacter) {
  SweepConfig config;
  config.model = "m";
  for (const char* text : {"plain", "two\nlines\n", "tab\t\"quoted\" 'single' \\ # : - {}",
                           " blanks ", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "0", "true", "~"}) {
    config.prompt = PromptText{text, {}};
    EXPECT_EQ(RoundTrip(config), config) << text;
  }
}

TEST_F(FormatConfigTest, FilesAreNamedByTheirPaths) {
  SweepConfig config;
  config.modelfile = Write("Modelfile", "FROM x\n");
  config.prompt = PromptText{"Hello.\n", Write("prompt.txt", "Hello.\n")};
  config.space = PairSpace({1024}, {64, 128});
  EXPECT_EQ(RoundTrip(config), config);
}

TEST_F(FormatConfigTest, AnySpaceOfAnyWorkloadIsReadBack) {
  std::mt19937 random(7);
  const auto number = [&random](int lowest, int highest) {
    return std::uniform_int_distribution<int>(lowest, highest)(random);
  };
  for (int round = 0; round < 300; ++round) {
    SweepConfig config;
    config.workload = AllWorkloads()[random() % AllWorkloads().size()].kind;
    config.num_predict = Describe(config.workload).num_predict;
    for (const ParameterInfo& info : AllParameters()) {
      const bool is_rate = round % 2 == 0;
      const bool is_of_other_loop =
          info.parameter == (is_rate ? Parameter::kConcurrency : Parameter::kRequestRate);
      const bool is_load = config.workload == WorkloadKind::kLoad;
      if (info.scope == Scope::kTraffic && (!is_load || is_of_other_loop)) continue;
      std::set<int> values;
      const auto value = [&] {
        if (info.parameter == Parameter::kOllama) {
          return ValueOfName(fmt::format("/opt/an: old, #{}/ollama", number(1, 9)));
        }
        if (info.parameter == Parameter::kModel) {
          return ValueOfName(fmt::format("m:{}", number(1, 9)));
        }
        return number(info.lowest, info.highest);
      };
      for (int i = number(-2, 3); i > 0; --i) values.insert(value());
      std::vector<int> shuffled(values.begin(), values.end());
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      // One program or model is none that varies.
      if (info.scope == Scope::kSubject && !shuffled.empty()) {
        std::string& name = info.parameter == Parameter::kModel ? config.model : config.ollama;
        name = NameOfValue(shuffled.front());
        if (shuffled.size() == 1) continue;
      }
      config.space.Set(info.parameter, shuffled);
    }
    if (config.workload == WorkloadKind::kLoad) {
      config.traffic.requests = number(1, 500);
      config.traffic.arrival = number(0, 1) == 0 ? Arrival::kPoisson : Arrival::kConstant;
      if (number(0, 1) == 0) config.traffic.duration = std::chrono::seconds(number(1, 3600));
      for (int i = number(0, 3); i > 0; --i) {
        config.traffic.objectives.push_back({static_cast<LatencyKind>(number(0, 2)), number(1, 99),
                                             std::chrono::milliseconds(number(1, 99'999))});
      }
    }
    EXPECT_EQ(RoundTrip(config), config) << FormatSweepConfig(config);
  }
}

}  // namespace
}  // namespace ollama_bench
