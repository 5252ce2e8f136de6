#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "config_fixture.h"

namespace ollama_bench {
namespace {

// A random valid configuration, the YAML that says it, and what loading it must bring.
class RandomConfig {
 public:
  explicit RandomConfig(std::mt19937& random) : random_(random) {
    AddModel();
    expected_.grid.num_ctx = AddAxis("num_ctx");
    expected_.grid.num_batch = AddAxis("num_batch");
    AddPrompt();
    if (Coin()) {
      expected_.row_first = Coin();
      Add("test_row_first", expected_.row_first ? "true" : "false");
    }
    MaybeAddNumber("num_predict", 100'000, expected_.num_predict);
    if (Coin()) {
      expected_.extra = Number(0, 10'000);
      Add("extra", fmt::format("{}", *expected_.extra));
    }
    // What is read is `extra`, where there is one.
    if (Coin()) {
      const int confirm = Number(0, 10);
      Add("confirm", fmt::format("{}", confirm));
      if (!expected_.extra) expected_.extra = 6 * confirm;
    }
    if (Coin()) {
      expected_.timeout = std::chrono::seconds(Number(1, 604'800));
      Add("timeout_s", fmt::format("{}", expected_.timeout.count()));
    }
    if (Coin()) {
      if (Coin()) expected_.repetitions = Number(1, 1'000);
      Add("repetitions",
          expected_.repetitions ? fmt::format("{}", *expected_.repetitions) : "auto");
    }
    std::shuffle(lines_.begin(), lines_.end(), random_);
  }

  [[nodiscard]] const SweepConfig& expected() const { return expected_; }
  [[nodiscard]] std::string yaml() {
    std::string text = Coin() ? "---\n" : "";
    for (const std::string& line : lines_) text += line + (Coin() ? "\n# comment\n\n" : "\n");
    if (Coin()) {
      std::string windows;
      for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
      return windows;
    }
    return text;
  }

 private:
  bool Coin() { return random_() % 2 == 0; }
  int Number(int lowest, int highest) {
    return std::uniform_int_distribution<int>(lowest, highest)(random_);
  }
  void Add(std::string_view key, std::string_view value) {
    lines_.push_back(
        fmt::format("{}: {}", Coin() ? std::string(key) : fmt::format("\"{}\"", key), value));
  }
  void MaybeAddNumber(std::string_view key, int highest, int& value) {
    if (!Coin()) return;
    value = Number(1, highest);
    Add(key, fmt::format("{}", value));
  }

  void AddModel() {
    const std::string letters = "abcXYZ019_";
    const auto part = [&] {
      std::string text(1, letters[random_() % letters.size()]);
      for (int i = Number(0, 5); i > 0; --i) text += (letters + "-")[random_() % 11];
      return text;
    };
    expected_.model = part();
    if (Coin()) expected_.model = fmt::format("{}/{}", part(), expected_.model);
    if (Coin()) expected_.model.append(":").append(part());
    Add("model", fmt::format(fmt::runtime(Coin() ? "{}" : "'{}'"), expected_.model));
  }

  Axis AddAxis(std::string_view key) {
    Axis axis;
    const int start = Number(1, 100'000);
    if (Coin()) {
      const int step = Number(1, 5'000);
      const int count = Number(1, 40);
      for (int i = 0; i < count; ++i) axis.values.push_back(start + i * step);
      const int end = axis.values.back() + Number(0, step - 1);
      Add(key, fmt::format(fmt::runtime(Coin() ? "{{start: {}, end: {}, step: {}}}"
                                               : "\n  start: {}\n  end: {}\n  step: {}"),
                           start, end, step));
      return axis;
    }
    for (int i = Number(1, 20); i > 0; --i) {
      const int value = Number(1, 1 << 30);
      const bool known =
          std::find(axis.values.begin(), axis.values.end(), value) != axis.values.end();
      if (!known) axis.values.push_back(value);
    }
    Add(key, Coin() ? fmt::format("[{}]", fmt::join(axis.values, ", "))
                    : fmt::format("\n- {}", fmt::join(axis.values, "\n- ")));
    return axis;
  }

  void AddPrompt() {
    if (Coin()) return;
    if (Coin()) {
      expected_.prompt = BuiltInPrompt{Number(1, 4'000'000)};
      Add("prompt_tokens", fmt::format("{}", *std::get<BuiltInPrompt>(expected_.prompt).tokens));
      return;
    }
    std::string text = "x";
    std::string quoted = "x";
    const std::pair<const char*, const char*> pieces[] = {
        {"\n", "\\n"}, {"\t", "\\t"},  {"\"", "\\\""},           {"\\", "\\\\"},
        {" ", " "},    {": #", ": #"}, {"\xC3\xA4", "\xC3\xA4"}, {"...\n---\n", "...\\n---\\n"}};
    for (int i = Number(0, 30); i > 0; --i) {
      const auto& [plain, escaped] = pieces[random_() % std::size(pieces)];
      text += plain;
      quoted += escaped;
    }
    expected_.prompt = PromptText{text, {}};
    Add("prompt", "\"" + quoted + "\"");
  }

  std::mt19937& random_;
  SweepConfig expected_;
  std::vector<std::string> lines_;
};

class ConfigRoundTripTest : public ConfigTest {};

TEST_F(ConfigRoundTripTest, LoadsBackEveryValidConfigurationThatIsWrittenOut) {
  std::mt19937 random(20261121);
  for (int i = 0; i < 500; ++i) {
    RandomConfig written(random);
    const std::string yaml = written.yaml();
    const auto loaded = Load(yaml);
    ASSERT_TRUE(loaded) << Lines(loaded) << yaml;
    const SweepConfig& expected = written.expected();
    ASSERT_EQ(loaded->model, expected.model) << yaml;
    ASSERT_EQ(loaded->grid, expected.grid) << yaml;
    ASSERT_EQ(loaded->row_first, expected.row_first) << yaml;
    ASSERT_EQ(loaded->num_predict, expected.num_predict) << yaml;
    ASSERT_EQ(loaded->repetitions, expected.repetitions) << yaml;
    ASSERT_EQ(loaded->extra, expected.extra) << yaml;
    ASSERT_EQ(loaded->timeout, expected.timeout) << yaml;
    ASSERT_EQ(loaded->prompt.index(), expected.prompt.index()) << yaml;
    if (const auto* text = std::get_if<PromptText>(&expected.prompt)) {
      ASSERT_EQ(std::get<PromptText>(loaded->prompt).text, text->text) << yaml;
    } else {
      ASSERT_EQ(std::get<BuiltInPrompt>(loaded->prompt).tokens,
                std::get<BuiltInPrompt>(expected.prompt).tokens)
          << yaml;
    }
  }
}

}  // namespace
}  // namespace ollama_bench
