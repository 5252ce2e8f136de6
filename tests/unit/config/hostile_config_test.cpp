#include <sys/stat.h>

#include <algorithm>
#include <random>

#include "config_fixture.h"
#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

class HostileConfigTest : public ConfigTest {
 protected:
  // Whatever the text is: a checked configuration, or errors that can be shown in one line each.
  void ExpectSoundOutcome(std::string_view yaml, const std::string& what) const {
    const auto loaded = Load(yaml);
    if (loaded) {
      ExpectChecked(*loaded, what);
      return;
    }
    ASSERT_FALSE(loaded.error().empty()) << what;
    for (const ConfigError& error : loaded.error()) {
      const std::string line = FormatConfigError(error);
      EXPECT_FALSE(error.message.empty() || error.remedy.empty()) << what;
      EXPECT_EQ(line, Printable(line, false)) << what;
      EXPECT_GE(error.line, 0) << what;
      const auto lines = std::count(yaml.begin(), yaml.end(), '\n');
      EXPECT_LE(error.line, lines + 3) << what;
    }
  }

 private:
  static void ExpectChecked(const SweepConfig& config, const std::string& what) {
    EXPECT_TRUE(config.model.empty() || config.modelfile.empty()) << what;
    EXPECT_TRUE(config.model.empty() || IsValidModelName(config.model)) << what;
    EXPECT_LE(config.space.CellCount(), 100'000U) << what;
    for (const Axis& axis : config.space.axes) {
      const ParameterInfo& info = Describe(axis.parameter);
      for (const int value : axis.values) {
        EXPECT_TRUE(value >= info.lowest && value <= info.highest) << what;
      }
    }
    EXPECT_GE(config.num_predict, 1) << what;
    EXPECT_GE(config.repetitions.value_or(1), 1) << what;
    EXPECT_GE(config.timeout.count(), 1) << what;
  }
};

// Every construct that the reader knows.
constexpr std::string_view kWhole =
    "# c\nmodel: \"me/m:1\"\nprompt: |\n  some\n  text\nnum_ctx: {start: 10, end: 30, step: 5}\n"
    "num_batch:\n  - 64\n  - 128\ntest_row_first: yes\nnum_predict: 2\nrepetitions: 'auto'\n"
    "confirm: 3\ntimeout_s: 60\n";

TEST_F(HostileConfigTest, SurvivesACutAtEveryByte) {
  ASSERT_TRUE(Load(kWhole)) << ErrorsOf(kWhole);
  for (std::size_t size = 0; size < kWhole.size(); ++size) {
    ExpectSoundOutcome(kWhole.substr(0, size), "cut at byte " + std::to_string(size));
  }
}

TEST_F(HostileConfigTest, SurvivesTheLossOfEveryByte) {
  for (std::size_t i = 0; i < kWhole.size(); ++i) {
    std::string text(kWhole);
    text.erase(i, 1);
    ExpectSoundOutcome(text, "without byte " + std::to_string(i));
  }
}

TEST_F(HostileConfigTest, SurvivesTheReplacementOfEveryByte) {
  std::mt19937 random(7);
  const std::string spiteful = "{}[]:,&*!|>'\"%@`#-?~\t\r\n \\0x9";
  for (std::size_t i = 0; i < kWhole.size(); ++i) {
    std::string text(kWhole);
    text[i] = spiteful[random() % spiteful.size()];
    ExpectSoundOutcome(text, "byte " + std::to_string(i) + " replaced by " + text[i]);
    text[i] = static_cast<char>(random() % 256);
    ExpectSoundOutcome(text, "byte " + std::to_string(i) + " random");
  }
}

TEST_F(HostileConfigTest, SurvivesFloodsOfEveryConstruct) {
  for (const char* unit :
       {"[",   "{",     "- ", "? ", "a: ",   "{a: ",   "\"", "'", "&a ",    "*a ",         "!t ",
        "|\n", "---\n", ",",  ":",  "a:\n ", "%A b\n", "\t", "#", "x: 1\n", "num_ctx: 1\n"}) {
    std::string text;
    while (text.size() < 100'000) text += unit;
    ExpectSoundOutcome(text, unit);
    ExpectSoundOutcome("num_ctx: " + text, unit);
  }
}

struct Refused {
  std::string yaml;
  std::string errors;
};

TEST_F(HostileConfigTest, SaysWhereAndWhyTheYamlIsRefused) {
  const std::string deep = "a: " + std::string(64, '[') + std::string(64, ']');
  const Refused refused[] = {
      {"",
       "sweep.yaml: holds no settings; write num_ctx and num_batch, as the files in configs/ do\n"},
      {"# nothing\n",
       "sweep.yaml: holds no settings; write num_ctx and num_batch, as the files in configs/ do\n"},
      {"---\n",
       "sweep.yaml: holds no settings; write num_ctx and num_batch, as the files in configs/ do\n"},
      {"hello",
       "sweep.yaml:1: keys with values are expected; write lines such as \"num_predict: 2\"\n"},
      {"- a\n",
       "sweep.yaml:1: keys with values are expected; write lines such as \"num_predict: 2\"\n"},
      {"model: m\n---\nmodel: n\n",
       "sweep.yaml:2:1: a second document begins here; keep one document in a file\n"},
      {"{model: m} x",
       "sweep.yaml:1:12: a second document begins here; keep one document in a file\n"},
      {"model: &a m\nnum_ctx: *a\n",
       "sweep.yaml:1:8: an anchor (&) is not allowed here; take it out\n"
       "sweep.yaml:2:10: an alias (*) is not allowed here; write the value itself\n"},
      {"model: *a", "sweep.yaml:1:8: an alias (*) is not allowed here; write the value itself\n"},
      {"model: !!str m",
       "sweep.yaml:1:8: the tag tag:yaml.org,2002:str is not allowed here; take it out\n"},
      {"num_ctx: !x {start: 1}", "sweep.yaml:1:10: the tag !x is not allowed here; take it out\n"},
      {deep, "sweep.yaml:1:67: more than 64 levels of nesting; take brackets or indentation out\n"},
      {"model: \"m\nnum_ctx: 2",
       "sweep.yaml:3:1: a quoted text before this line has no end; close its quote\n"},
      {"model: 'm\n",
       "sweep.yaml:2:1: a quoted text before this line has no end; close its quote\n"},
      {"num_ctx: {start: 1\n", "sweep.yaml:2:1: a { has no matching }; close it\n"},
      {"num_ctx: [1, 2\n", "sweep.yaml:2:1: a [ has no matching ]; close it\n"},
      {"a: b: c",
       "sweep.yaml:1:5: a colon is not allowed here; check the indentation, or put the text in "
       "quotes\n"},
      {"model: @m",
       "sweep.yaml:1:8: a character that cannot begin a value; put the text in quotes\n"},
      {"model: m\x04\nx: 1\n",
       "sweep.yaml:1:9: the control character 0x04 is not allowed; take it out\n"},
      {"model: \x1b[2J",
       "sweep.yaml:1:8: the control character 0x1b is not allowed; take it out\n"},
      {std::string("a\0b", 3),
       "sweep.yaml: holds a NUL byte in its line 1; save it as plain text in UTF-8\n"},
      {"\xFF\xFEm\0",
       "sweep.yaml: is not UTF-8 in its line 1 (byte 0xff); save it as plain text in UTF-8\n"},
      {"model: m\n# gr\xFC\n",
       "sweep.yaml: is not UTF-8 in its line 2 (byte 0xfc); save it as plain text in UTF-8\n"},
  };
  for (const auto& [yaml, errors] : refused) EXPECT_EQ(ErrorsOf(yaml), errors) << yaml;
}

TEST_F(HostileConfigTest, TakesSixtyFourLevelsForAWrongShapeOnly) {
  const std::string deep = "a: " + std::string(63, '[') + std::string(63, ']');
  EXPECT_EQ(ErrorsOf(With(deep)).substr(0, 32), "sweep.yaml:4: a: is no known key");
}

TEST_F(HostileConfigTest, TakesAFileOfOneMebibyteAndNoByteMore) {
  std::string text = With("#");
  text.append((std::size_t{1} << 20U) - text.size(), 'x');
  EXPECT_TRUE(Load(text)) << ErrorsOf(text);
  EXPECT_EQ(ErrorsOf(text + 'x'), "sweep.yaml: is larger than 1 MiB; shorten it\n");
}

TEST_F(HostileConfigTest, SaysWhatIsWrongWithTheFileItself) {
  EXPECT_EQ(Lines(LoadSweepConfig(folder() / "gone.yaml", {})),
            "gone.yaml: does not exist; create it or correct the path, looked for at "
            "gone.yaml\n");
  EXPECT_NE(Lines(LoadSweepConfig(folder(), {})).find(": is a folder; name a file in it"),
            std::string::npos);
  ASSERT_EQ(mkfifo((folder() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(Lines(LoadSweepConfig(folder() / "pipe", {})),
            "pipe: is not a regular file; copy its content to a file and name that\n")
      << "opening a pipe that nobody writes to would wait for ever";
  std::filesystem::create_symlink("loop", folder() / "loop");
  EXPECT_NE(Lines(LoadSweepConfig(folder() / "loop", {})).find("loop: cannot be read ("),
            std::string::npos);
}

}  // namespace
}  // namespace ollama_bench
