#include "ollama_bench/config/sweep_config.h"

#include "config_fixture.h"

namespace ollama_bench {
namespace {

using std::chrono::seconds;
using testing::Test;
using Values = std::vector<int>;

constexpr std::string_view kRanges =
    "num_ctx: {start: 1024, end: 3072, step: 1024}\nnum_batch: {start: 64, end: 256, step: 64}\n";

class LoadConfigTest : public ConfigTest {};

TEST_F(LoadConfigTest, ReadsEveryKey) {
  const auto config = Load(
      "model: hf.co/me/model:Q4_0\n"
      "prompt: \"Read this:\\n\\ttext\"\n"
      "num_ctx: {start: 32768, end: 110592, step: 2048}\n"
      "num_batch: [128, 2048, 512]\n"
      "test_row_first: true\n"
      "num_predict: 7\n"
      "repetitions: 5\n"
      "extra: 0\n"
      "timeout_s: 90\n");
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->model, "hf.co/me/model:Q4_0");
  EXPECT_TRUE(config->modelfile.empty());
  EXPECT_EQ(std::get<PromptText>(config->prompt).text, "Read this:\n\ttext");
  EXPECT_TRUE(std::get<PromptText>(config->prompt).file.empty());
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumCtx).size(), 39U);
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumBatch), (Values{128, 2048, 512}))
      << "in the order given";
  EXPECT_TRUE(config->row_first);
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumPredict), Values{7});
  EXPECT_EQ(config->repetitions, 5);
  EXPECT_EQ(config->extra, 0);
  EXPECT_EQ(config->timeout, seconds(90));
}

TEST_F(LoadConfigTest, KeepsTheOrderInWhichAxesAreWritten) {
  const auto config =
      Load("num_thread: [4, 8]\nnum_batch: 64\nuse_mmap: [true, false]\nnum_ctx: 1024\n");
  ASSERT_TRUE(config) << Lines(config);
  std::vector<Parameter> order;
  for (const Axis& axis : config->space.axes) order.push_back(axis.parameter);
  EXPECT_EQ(order, (std::vector<Parameter>{Parameter::kNumThread, Parameter::kNumBatch,
                                           Parameter::kUseMmap, Parameter::kNumCtx}));
}

TEST_F(LoadConfigTest, FillsInTheDefaults) {
  const auto config = Load(With(""));
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(std::get<BuiltInPrompt>(config->prompt).tokens, std::nullopt);
  EXPECT_FALSE(config->row_first);
  EXPECT_EQ(config->num_predict, 2);
  EXPECT_EQ(config->repetitions, std::nullopt);
  EXPECT_EQ(config->extra, std::nullopt) << "by the size of the grid";
  EXPECT_EQ(config->timeout, seconds(360));
}

TEST_F(LoadConfigTest, LeavesOpenWhatIsNotSaid) {
  const auto nothing = Load("num_predict: 3\n");
  ASSERT_TRUE(nothing) << Lines(nothing);
  EXPECT_TRUE(nothing->model.empty());
  EXPECT_TRUE(nothing->modelfile.empty());
  EXPECT_EQ(nothing->space, (Space{{{Parameter::kNumPredict, {3}}}}));
  const auto one_axis = Load("num_batch: 64\n");
  ASSERT_TRUE(one_axis) << Lines(one_axis);
  EXPECT_EQ(one_axis->space, (Space{{{Parameter::kNumBatch, {64}}}}));
}

TEST_F(LoadConfigTest, LoadsTheOldScriptsFilesUnchanged) {
  ConfigOverrides flags;
  flags.values["model"] = "nemotron_f";
  const auto full = Load(
      "num_ctx:\n  start: 8192\n  end: 102400\n  step: 2048\n\n"
      "num_batch:\n  start: 32\n  end: 2080\n  step: 128\n\n"
      "test_row_first: false  # Column-first (\xE5\xAE\x8C\xE6\x88\x90)\n",
      flags);
  ASSERT_TRUE(full) << Lines(full);
  EXPECT_EQ(full->space.ValuesOf(Parameter::kNumCtx).size(), 47U);
  EXPECT_EQ(full->space.ValuesOf(Parameter::kNumBatch).size(), 17U);
  EXPECT_EQ(full->space.CellCount(), 799U);
  EXPECT_EQ(full->space.ValuesOf(Parameter::kNumBatch).back(), 2080);
  const auto quick = Load(
      "num_ctx:\n  start: 32768\n  end: 110592\n  step: 2048\n\n"
      "num_batch:\n  start: 128\n  end: 2048\n  step: 128\n\n"
      "test_row_first: false\n",
      flags);
  ASSERT_TRUE(quick) << Lines(quick);
  EXPECT_EQ(quick->space.CellCount(), 624U);
  EXPECT_EQ(quick->space.ValuesOf(Parameter::kNumCtx).back(), 110592);
  EXPECT_EQ(quick->model, "nemotron_f");
}

TEST_F(LoadConfigTest, IncludesTheEndOfARangeOnlyWhenAStepHitsIt) {
  const auto config = Load(
      "model: m\nnum_ctx: {start: 10, end: 20, step: 5}\nnum_batch: {start: 10, end: 19, step: 5}");
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumCtx), (Values{10, 15, 20}));
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumBatch), (Values{10, 15}));
}

TEST_F(LoadConfigTest, TakesASingleNumberForAListOfOne) {
  const auto config = Load("model: m\nnum_ctx: 4096\nnum_batch: [512]\n");
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumCtx), Values{4096});
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumBatch), Values{512});
}

TEST_F(LoadConfigTest, AFlagChangesJustItsPartOfTheRange) {
  ConfigOverrides flags;
  flags.values["model"] = "m";
  flags.values["num_ctx.step"] = "2048";
  flags.values["num_batch.end"] = "128";
  const auto config = Load(kRanges, flags);
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumCtx), (Values{1024, 3072}));
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumBatch), (Values{64, 128}));
}

TEST_F(LoadConfigTest, AListFlagReplacesTheFilesRangeAndAWholeRangeOfFlagsTheFilesList) {
  ConfigOverrides flags;
  flags.values["model"] = "m";
  flags.values["num_ctx"] = "512,256";
  flags.values["num_batch.start"] = "1";
  flags.values["num_batch.end"] = "3";
  flags.values["num_batch.step"] = "2";
  const auto config = Load("num_ctx: {start: 1, end: 9, step: 1}\nnum_batch: [7, 8]\n", flags);
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumCtx), (Values{512, 256}));
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumBatch), (Values{1, 3}));
}

TEST_F(LoadConfigTest, EveryFlagBeatsTheFile) {
  ConfigOverrides flags;
  flags.values["model"] = "other:tag";
  flags.values["prompt"] = "hello";
  flags.row_first = true;
  flags.values["num_predict"] = "9";
  flags.values["repetitions"] = "auto";
  flags.values["extra"] = "1";
  flags.values["timeout_s"] = "5";
  const auto config = Load(
      "modelfile: missing\nprompt_tokens: 100\ntest_row_first: false\nnum_predict: 3\n"
      "repetitions: 4\nextra: 2\ntimeout_s: 60\n" +
          std::string(kRanges),
      flags);
  ASSERT_TRUE(config) << Lines(config) << "what a flag replaces is not looked at";
  EXPECT_EQ(config->model, "other:tag");
  EXPECT_TRUE(config->modelfile.empty());
  EXPECT_EQ(std::get<PromptText>(config->prompt).text, "hello");
  EXPECT_TRUE(config->row_first);
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumPredict), Values{9});
  EXPECT_EQ(config->repetitions, std::nullopt);
  EXPECT_EQ(config->extra, 1);
  EXPECT_EQ(config->timeout, seconds(5));
}

TEST_F(LoadConfigTest, ReadsWhatWasOnceAskedForPerCellAsSixExtraLoadsForEach) {
  for (int confirm = 0; confirm <= 10; ++confirm) {
    const auto of_file = Load(With("confirm: " + std::to_string(confirm) + "\n"));
    ASSERT_TRUE(of_file) << Lines(of_file);
    EXPECT_EQ(of_file->extra, 6 * confirm);
    ConfigOverrides flags;
    flags.values["confirm"] = std::to_string(confirm);
    const auto of_flag = Load(With("confirm: 7\n"), flags);
    ASSERT_TRUE(of_flag) << Lines(of_flag);
    EXPECT_EQ(of_flag->extra, 6 * confirm);
  }
}

TEST_F(LoadConfigTest, ExtraLoadsThatAreNamedCountWhateverConfirmSays) {
  for (const char* both : {"extra: 5\nconfirm: 9\n", "confirm: 9\nextra: 5\n"}) {
    const auto config = Load(With(both));
    ASSERT_TRUE(config) << Lines(config);
    EXPECT_EQ(config->extra, 5) << both;
  }
  ConfigOverrides flags;
  flags.values["extra"] = "0";
  const auto config = Load(With("confirm: 3\n"), flags);
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->extra, 0);
  ConfigOverrides old_flag;
  old_flag.values["confirm"] = "0";
  const auto without = Load(With("extra: 27\n"), old_flag);
  ASSERT_TRUE(without) << Lines(without);
  EXPECT_EQ(without->extra, 0) << "a flag counts before what the file says";
  old_flag.values["extra"] = "4";
  EXPECT_EQ(Load(With("confirm: 9\n"), old_flag)->extra, 4);
  EXPECT_FALSE(Load(With("extra: 5\nconfirm: 11\n"))) << "a number that makes no sense is named";
}

TEST_F(LoadConfigTest, NeedsNoFile) {
  ConfigOverrides flags;
  flags.values["model"] = "m";
  flags.values["num_ctx"] = "2048";
  flags.values["num_batch.start"] = "8";
  flags.values["num_batch.end"] = "16";
  flags.values["num_batch.step"] = "8";
  flags.values["prompt_tokens"] = "300";
  const auto config = LoadSweepConfig(std::nullopt, flags);
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->space, (Space{{{Parameter::kNumCtx, {2048}},
                                   {Parameter::kNumBatch, {8, 16}},
                                   {Parameter::kPromptTokens, {300}}}}));
}

TEST_F(LoadConfigTest, FindsFilesBesideTheConfigurationFromAnyFolder) {
  std::filesystem::create_directory(folder() / "sub");
  const auto modelfile = Write("Modelfile", "FROM x\n");
  const auto prompt = Write("sub/prompt.txt", "\xEF\xBB\xBFsome text\n");
  const auto config = Load(
      "modelfile: ./sub/../Modelfile\nprompt_file: sub/prompt.txt\nnum_ctx: 1024\nnum_batch: 64\n");
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->modelfile, modelfile);
  EXPECT_TRUE(config->model.empty());
  EXPECT_EQ(std::get<PromptText>(config->prompt).file, prompt);
  EXPECT_EQ(std::get<PromptText>(config->prompt).text, "some text\n") << "the mark is taken off";
}

TEST_F(LoadConfigTest, FindsFilesOfFlagsFromTheCurrentFolder) {
  Write("prompt.txt", "beside the configuration");
  const auto elsewhere = folder() / "elsewhere";
  std::filesystem::create_directory(elsewhere);
  Write("elsewhere/prompt.txt", "in the current folder");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(elsewhere);
  ConfigOverrides flags;
  flags.values["prompt_file"] = "prompt.txt";
  const auto config = Load(With("prompt_file: prompt.txt\n"), flags);
  std::filesystem::current_path(before);
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(std::get<PromptText>(config->prompt).text, "in the current folder");
  EXPECT_EQ(std::get<PromptText>(config->prompt).file, elsewhere / "prompt.txt");
}

TEST_F(LoadConfigTest, ReadsAnyLineBreaksAndAByteOrderMark) {
  const auto plain =
      Load("model: m\nnum_ctx: [1024,\n 2048]\nnum_batch: 64\nprompt: \"a\n\n  b\"\n");
  const auto windows = Load(
      "\xEF\xBB\xBFmodel: m\r\nnum_ctx: [1024,\r\n 2048]\r\nnum_batch: 64\r\nprompt: \"a\r\n\r\n  "
      "b\"");
  const auto old_mac =
      Load("model: m\rnum_ctx: [1024,\r 2048]\rnum_batch: 64\rprompt: \"a\r\r  b\"\r");
  for (const auto* config : {&plain, &windows, &old_mac}) {
    ASSERT_TRUE(*config) << Lines(*config);
    EXPECT_EQ((*config)->space.ValuesOf(Parameter::kNumCtx), (Values{1024, 2048}));
    EXPECT_EQ(std::get<PromptText>((*config)->prompt).text, "a\nb");
  }
}

TEST_F(LoadConfigTest, ReadsTheOldParsersSpellingsOfABoolean) {
  for (const char* yes : {"true", "True", "yes", "on", "ON"}) {
    const auto config = Load(With(std::string("test_row_first: ") + yes));
    ASSERT_TRUE(config) << Lines(config);
    EXPECT_TRUE(config->row_first) << yes;
  }
  for (const char* no : {"false", "FALSE", "no", "off"}) {
    const auto config = Load(With(std::string("test_row_first: ") + no));
    ASSERT_TRUE(config) << Lines(config);
    EXPECT_FALSE(config->row_first) << no;
  }
}

TEST_F(LoadConfigTest, AcceptsExactlyTheBoundsOfEveryNumber) {
  for (const ConfigKey& key : AllConfigKeys()) {
    const bool is_number = !key.parameter || Describe(*key.parameter).type == ParameterType::kCount;
    if (key.highest == 0 || !is_number || key.key.find('.') != std::string::npos) continue;
    for (const int bound : {key.lowest, key.highest}) {
      const int outside = bound == key.lowest ? bound - 1 : bound + 1;
      ConfigOverrides flags;
      if (key.is_of_load_alone) flags.values["workload"] = "load";
      flags.values[key.key] = std::to_string(bound);
      EXPECT_TRUE(LoadSweepConfig(std::nullopt, flags)) << key.flag << ' ' << bound;
      flags.values[key.key] = std::to_string(outside);
      EXPECT_FALSE(LoadSweepConfig(std::nullopt, flags)) << key.flag << ' ' << outside;
    }
  }
}

TEST_F(LoadConfigTest, TakesEachParameterAsANumberAListOrARangeInTheFileAndOnTheCommandLine) {
  for (const ParameterInfo& info : AllParameters()) {
    if (info.type != ParameterType::kCount) continue;
    const int low = info.lowest;
    const auto expect = [&](const std::string& yaml, const std::string& flag,
                            const Values& values) {
      const Space space{{{info.parameter, values}}};
      const std::string key(info.key);
      const std::string load = info.scope == Scope::kTraffic ? "workload: load\n" : "";
      const auto of_file = Load(load + key + ": " + yaml + "\n");
      ASSERT_TRUE(of_file) << Lines(of_file) << key << ": " << yaml;
      EXPECT_EQ(of_file->space, space) << key << ": " << yaml;
      ConfigOverrides flags;
      flags.values[key] = flag;
      const auto of_flag = Load(load + key + ": " + std::to_string(low) + "\n", flags);
      ASSERT_TRUE(of_flag) << Lines(of_flag) << flag;
      EXPECT_EQ(of_flag->space, space) << flag;
    };
    const std::string one = std::to_string(low + 1);
    const std::string two = std::to_string(low + 2);
    const std::string five = std::to_string(low + 5);
    expect(one, one, {low + 1});
    expect("[" + two + ", " + one + "]", two + "," + one, {low + 2, low + 1});
    expect("{start: " + one + ", end: " + five + ", step: 2}", one + "-" + five + ":2",
           {low + 1, low + 3, low + 5});
    expect(one + "-" + five + ":3", one + "-" + five + ":3", {low + 1, low + 4});
    expect(one + "-" + one + ":1", one + "-" + one + ":1", {low + 1});
  }
}

TEST_F(LoadConfigTest, TakesRatesWithUpToThreeDecimals) {
  const auto file = Load("workload: load\nrequest_rate: [0.5, 1, 12.125]\n");
  ASSERT_TRUE(file) << Lines(file);
  EXPECT_EQ(file->space, (Space{{{Parameter::kRequestRate, {500, 1'000, 12'125}}}}));
  EXPECT_EQ(FormatValue(Parameter::kRequestRate, 500), "0.5");
  EXPECT_EQ(FormatValue(Parameter::kRequestRate, 1'000), "1");
  for (const char* wrong : {"0", "0.0001", "-1", "1e3", ".5", "1.", "0x1", "nan", "1,5x"}) {
    EXPECT_FALSE(Load(std::string("workload: load\nrequest_rate: ") + wrong + "\n")) << wrong;
  }
}

TEST_F(LoadConfigTest, RefusesWhatOnlyLoadUsesWhereFlagsSayItAndTakesItFromAFile) {
  for (const auto& [key, value] :
       {std::pair{"arrival", "constant"}, std::pair{"requests", "5"},
        std::pair{"duration_s", "60s"}, std::pair{"slo", "e2e_p50=3s"}}) {
    ConfigOverrides flags;
    flags.values[key] = value;
    EXPECT_FALSE(LoadSweepConfig(std::nullopt, flags)) << key;
    EXPECT_TRUE(Load(With(std::string(key) + ": " + value))) << key;
    flags.values["workload"] = "load";
    EXPECT_TRUE(LoadSweepConfig(std::nullopt, flags)) << key;
  }
  EXPECT_FALSE(Load("num_ctx: 1024\nnum_batch: 64\nconcurrency: 2\n"));
  EXPECT_FALSE(Load("workload: load\nconcurrency: 2\nrequest_rate: 1\n"));
}

TEST_F(LoadConfigTest, TakesSwitchesInEveryBooleanSpelling) {
  const auto file = Load("use_mmap: [no, True]\n");
  ASSERT_TRUE(file) << Lines(file);
  EXPECT_EQ(file->space, (Space{{{Parameter::kUseMmap, {0, 1}}}}));
  ConfigOverrides flags;
  flags.values["use_mmap"] = "on";
  EXPECT_EQ(Load("use_mmap: [no, True]\n", flags)->space, (Space{{{Parameter::kUseMmap, {1}}}}));
  for (const char* wrong : {"use_mmap: 1\n", "use_mmap: 0-1:1\n", "use_mmap: [true, yes]\n",
                            "use_mmap: {start: 0, end: 1, step: 1}\n"}) {
    EXPECT_FALSE(Load(wrong)) << wrong;
  }
}

TEST_F(LoadConfigTest, RefusesWhatIsNearlyARange) {
  for (const char* wrong : {"1-", "1-2", "1-2:", "-2:1", "1:2", "1-2:0", "2-1:1", "1-2:1:1",
                            "1-2:1,2", "1,1-3:1", "1--2:1", "1 -2:1", "a-b:c", "1-100002:1"}) {
    ConfigOverrides flags;
    flags.values["num_thread"] = wrong;
    flags.values["num_ctx"] = wrong;
    EXPECT_FALSE(LoadSweepConfig(std::nullopt, flags)) << wrong;
  }
}

TEST_F(LoadConfigTest, AFlagOfAnyParameterReplacesTheFilesRangeOrList) {
  for (const char* of_file : {"{start: 1, end: 9, step: 2}", "[3, 4]", "7", "2-8:2"}) {
    ConfigOverrides flags;
    flags.values["num_thread"] = "5-6:1";
    const auto config = Load("num_thread: " + std::string(of_file) + "\nnum_gpu: 3\n", flags);
    ASSERT_TRUE(config) << Lines(config);
    EXPECT_EQ(config->space, (Space{{{Parameter::kNumGpu, {3}}, {Parameter::kNumThread, {5, 6}}}}));
  }
}

TEST_F(LoadConfigTest, KnowsEachWorkloadAndTakesItsNumberOfTokens) {
  for (const WorkloadInfo& info : AllWorkloads()) {
    const auto of_file = Load("workload: " + std::string(info.key) + "\n");
    ASSERT_TRUE(of_file) << Lines(of_file);
    EXPECT_EQ(of_file->workload, info.kind);
    EXPECT_EQ(of_file->num_predict, info.num_predict);
    ConfigOverrides flags;
    flags.values["workload"] = info.key;
    EXPECT_EQ(Load("workload: prefill\n", flags)->workload, info.kind);
  }
  EXPECT_EQ(Load("num_ctx: 1024\n")->workload, WorkloadKind::kPrefill);
  EXPECT_EQ(ErrorsOf("workload: decode\n").substr(0, 48),
            "sweep.yaml:1: workload: decode is no workload; w");
}

TEST_F(LoadConfigTest, LengthsOfPromptAndAnswerAreAxesUntilTheyAreHeldForAll) {
  auto config = Load("prompt_tokens: [512, 256]\nnum_predict: [2, 64]\nnum_ctx: 4096\n");
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->space.CellCount(), 4U);
  EXPECT_FALSE(SweepsThePairAlone(*config));
  EXPECT_EQ(config->prompt, Prompt(BuiltInPrompt()));
  config = Load("prompt_tokens: 512\nnum_predict: 3\nnum_ctx: [4096, 8192]\n");
  EXPECT_TRUE(SweepsThePairAlone(*config));
  HoldRequestForAll(*config);
  EXPECT_EQ(config->space, (Space{{{Parameter::kNumCtx, {4096, 8192}}}}));
  EXPECT_EQ(config->prompt, Prompt(BuiltInPrompt{512}));
  EXPECT_EQ(config->num_predict, 3);
  const SweepConfig held = *config;
  HoldRequestForAll(*config);
  EXPECT_EQ(*config, held);
}

TEST_F(LoadConfigTest, SweepsThePairAloneWhereNothingElseIsSet) {
  for (const ParameterInfo& info : AllParameters()) {
    SweepConfig config;
    config.space.Set(info.parameter, {info.lowest});
    const bool may_have_one = info.scope == Scope::kRequest ||
                              info.parameter == Parameter::kNumCtx ||
                              info.parameter == Parameter::kNumBatch;
    EXPECT_EQ(SweepsThePairAlone(config), may_have_one) << info.key;
    config.space.Set(info.parameter, {info.lowest, info.lowest + 1});
    EXPECT_EQ(SweepsThePairAlone(config), may_have_one && info.scope != Scope::kRequest)
        << info.key;
    config.space = {};
    config.workload = WorkloadKind::kGenerate;
    EXPECT_FALSE(SweepsThePairAlone(config));
  }
}

TEST_F(LoadConfigTest, CountsTheCellsOfAllAxes) {
  const std::string hundred = "{start: 1, end: 100, step: 1}\n";
  const std::string text = "num_ctx: " + hundred + "num_batch: " + hundred;
  EXPECT_TRUE(Load(text + "num_thread: {start: 1, end: 10, step: 1}\n"));
  EXPECT_EQ(ErrorsOf(text + "num_thread: {start: 1, end: 11, step: 1}\n"),
            "sweep.yaml: num_ctx x num_batch x num_thread: 100 x 100 x 11 = 110000 cells are more "
            "than 100000; write larger steps or smaller ranges\n");
  EXPECT_FALSE(Load(text + "num_thread: " + hundred + "num_gpu: " + hundred + "prompt_tokens: " +
                    hundred + "num_predict: " + hundred + "main_gpu: " + hundred));
}

TEST_F(LoadConfigTest, TakesUpToAHundredThousandCells) {
  const std::string ten = "num_batch: {start: 1, end: 10, step: 1}\nmodel: m\n";
  const auto most = Load(ten + "num_ctx: {start: 1, end: 10000, step: 1}\n");
  ASSERT_TRUE(most) << Lines(most);
  EXPECT_EQ(most->space.CellCount(), 100'000U);
  EXPECT_FALSE(Load(ten + "num_ctx: {start: 1, end: 10001, step: 1}\n"));
}

}  // namespace
}  // namespace ollama_bench
