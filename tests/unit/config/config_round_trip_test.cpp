#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

#include "config_fixture.h"

namespace ollama_bench {
namespace {

Space InOrderOfParameters(Space space) {
  std::sort(space.axes.begin(), space.axes.end(),
            [](const Axis& a, const Axis& b) { return a.parameter < b.parameter; });
  return space;
}

// A random valid configuration, the YAML that says it, and what loading it must bring.
class RandomConfig {
 public:
  explicit RandomConfig(std::mt19937& random) : random_(random) {
    AddModel();
    AddAxes();
    AddPrompt();
    std::sort(expected_.space.axes.begin(), expected_.space.axes.end(),
              [](const Axis& a, const Axis& b) { return a.parameter < b.parameter; });
    if (Coin()) {
      expected_.row_first = Coin();
      Add("test_row_first", expected_.row_first ? "true" : "false");
    }
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

  // Each of the parameters or not; a text as the prompt leaves no choice of its length.
  void AddAxes() {
    for (const ParameterInfo& info : AllParameters()) {
      const bool is_free = info.parameter != Parameter::kPromptTokens &&
                           info.scope != Scope::kTraffic && info.scope != Scope::kSubject;
      if (is_free && Coin()) AddAxis(info);
    }
  }

  void AddAxis(const ParameterInfo& info) {
    const std::size_t most = kMostCells / std::max<std::size_t>(1, expected_.space.CellCount());
    std::vector<int> values = info.type == ParameterType::kCount
                                  ? Counts(info, std::min<std::size_t>(most, 40))
                              : info.type == ParameterType::kSwitch ? Switches(info, most)
                                                                    : Words(info, most);
    expected_.space.Set(info.parameter, std::move(values));
  }

  std::vector<int> Words(const ParameterInfo& info, std::size_t most) {
    std::set<int> values = {Number(info.lowest, info.highest)};
    if (most > 2 && Coin()) values.insert(Number(info.lowest, info.highest));
    std::string list;
    for (const int value : values) {
      list += (list.empty() ? "" : ", ") + FormatValue(info.parameter, value);
    }
    Add(info.key, Coin() ? list : fmt::format("[{}]", list));
    return {values.begin(), values.end()};
  }

  std::vector<int> Switches(const ParameterInfo& info, std::size_t most) {
    const int first = Number(0, 1);
    const bool both = most > 1 && Coin();
    const auto word = [](int value) { return value == 0 ? "no" : "True"; };
    Add(info.key, both ? fmt::format("[{}, {}]", word(first), word(1 - first)) : word(first));
    return both ? std::vector<int>{first, 1 - first} : std::vector<int>{first};
  }

  std::vector<int> Counts(const ParameterInfo& info, std::size_t most) {
    std::vector<int> values;
    if (most > 0 && Coin()) {
      const int start = Number(info.lowest, std::min(info.highest, 100'000));
      const int step = Number(1, std::min(info.highest, 4'000));
      const int end =
          Number(start, std::min<int>(info.highest, start + step * static_cast<int>(most) - 1));
      for (int value = start; value <= end; value += step) values.push_back(value);
      constexpr const char* kForms[] = {"{{start: {}, end: {}, step: {}}}",
                                        "\n  start: {}\n  end: {}\n  step: {}", "{}-{}:{}"};
      Add(info.key, fmt::format(fmt::runtime(kForms[random_() % 3]), start, end, step));
      return values;
    }
    for (int i = Number(1, static_cast<int>(std::min<std::size_t>(most, 20))); i > 0; --i) {
      const int value = Number(info.lowest, info.highest);
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
    Add(info.key, Coin() ? fmt::format("[{}]", fmt::join(values, ", "))
                         : fmt::format("\n- {}", fmt::join(values, "\n- ")));
    return values;
  }

  void AddPrompt() {
    if (Coin()) return;
    if (Coin()) {
      AddAxis(Describe(Parameter::kPromptTokens));
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
    ASSERT_EQ(InOrderOfParameters(loaded->space), InOrderOfParameters(expected.space)) << yaml;
    ASSERT_EQ(loaded->row_first, expected.row_first) << yaml;
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
