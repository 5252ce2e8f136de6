#include "ollama_bench/config/config_error.h"

#include "config_fixture.h"

namespace ollama_bench {
namespace {

class ConfigErrorTest : public ConfigTest {};

struct Wrong {
  const char* line;   // the fourth of the file
  const char* error;  // behind "sweep.yaml:4: "
};

constexpr const char* kTokens = "write a whole number from 1 to 1073741824";

TEST_F(ConfigErrorTest, NamesFileLineFieldValueAndRemedyForEachKindOfNumber) {
  const Wrong wrongs[] = {
      {"num_predict: 0", "num_predict: 0 is below 1; write a whole number from 1 to 100000"},
      {"num_predict: -5", "num_predict: -5 is below 1; write a whole number from 1 to 100000"},
      {"num_predict: 100001",
       "num_predict: 100001 is above 100000; write a whole number from 1 to 100000"},
      {"num_predict: 99999999999999999999",
       "num_predict: 99999999999999999999 is above 100000; write a whole number from 1 to 100000"},
      {"num_predict: -99999999999999999999",
       "num_predict: -99999999999999999999 is below 1; write a whole number from 1 to 100000"},
      {"num_predict: two",
       "num_predict: two is not a whole number; write a whole number from 1 to 100000"},
      {"num_predict: \"2\"", "num_predict: \"2\" in quotes is a text; write 2"},
      {"num_predict: ''",
       "num_predict: \"\" in quotes is a text; write a whole number from 1 to 100000"},
      {"num_predict: 2.0", "num_predict: 2.0 is not a whole number; write 2"},
      {"num_predict: 2.5",
       "num_predict: 2.5 is not a whole number; write a whole number from 1 to 100000"},
      {"num_predict: 1e3", "num_predict: 1e3 is not a whole number; write 1000"},
      {"num_predict: 0x20", "num_predict: 0x20 is not a whole number; write 32"},
      {"num_predict: 0512", "num_predict: 0512 is not a whole number; write 512"},
      {"num_predict: +2", "num_predict: +2 is not a whole number; write 2"},
      {"num_predict: 2_048", "num_predict: 2_048 is not a whole number; write 2048"},
      {"num_predict: 2k", "num_predict: 2k is not a whole number; write 2048"},
      {"num_predict: .inf",
       "num_predict: .inf is not a whole number; write a whole number from 1 to 100000"},
      {"num_predict: true",
       "num_predict: true is not a whole number; write a whole number from 1 to 100000"},
      {"num_predict:", "num_predict: has no value; write \"num_predict: [2]\""},
      {"num_predict: ~", "num_predict: has no value; write \"num_predict: [2]\""},
      {"timeout_s:", "timeout_s: has no value; write \"timeout_s: 360\""},
      {"timeout_s: [2]", "timeout_s: is a list, but takes one value; write \"timeout_s: 360\""},
      {"timeout_s: {a: 2}", "timeout_s: is a map, but takes one value; write \"timeout_s: 360\""},
      {"repetitions: 1001",
       "repetitions: 1001 is above 1000; write a whole number from 1 to 1000, or auto"},
      {"repetitions: automatic",
       "repetitions: automatic is not a whole number; write a whole number from 1 to 1000, or "
       "auto"},
      {"extra: -1", "extra: -1 is below 0; write a whole number from 0 to 10000"},
      {"confirm: 11", "confirm: 11 is above 10; write a whole number from 0 to 10"},
      {"timeout_s: 604801",
       "timeout_s: 604801 is above 604800; write a whole number from 1 to 604800"},
      {"timeout_s: 6m",
       "timeout_s: 6m is not a whole number; write a whole number from 1 to 604800"},
      {"prompt_tokens: 0", "prompt_tokens: 0 is below 1; write a whole number from 1 to 4000000"},
      {"test_row_first: maybe",
       "test_row_first: maybe is neither true nor false; write true or false"},
      {"test_row_first: \"no\"", "test_row_first: \"no\" in quotes is a text; write false"},
      {"test_row_first: 1", "test_row_first: 1 is neither true nor false; write true or false"},
  };
  for (const auto& [line, error] : wrongs) {
    EXPECT_EQ(ErrorsOf(With(line)), "sweep.yaml:4: " + std::string(error) + "\n") << line;
  }
}

TEST_F(ConfigErrorTest, NamesTheLineOfEachFaultOfAnAxis) {
  const auto axis = [this](std::string_view num_ctx) {
    return ErrorsOf("model: m\nnum_batch: 64\n" + std::string(num_ctx));
  };
  const std::string tokens = kTokens;
  EXPECT_EQ(axis("num_ctx:\n  start: 1\n  end: 2\n  step: 0\n"),
            "sweep.yaml:6: num_ctx.step: 0 is below 1; " + tokens + "\n");
  EXPECT_EQ(axis("num_ctx:\n  start: 0\n  end: 2\n  step: -1\n"),
            "sweep.yaml:4: num_ctx.start: 0 is below 1; " + tokens +
                "\nsweep.yaml:6: num_ctx.step: -1 is below 1; " + tokens + "\n");
  EXPECT_EQ(axis("num_ctx: {start: 9, end: 8, step: 1}"),
            "sweep.yaml:3: num_ctx.end: 8 is below the start, 9; write 9 or more, or a smaller "
            "start\n");
  EXPECT_EQ(axis("num_ctx:\n  start: 9\n  end: 10\n"),
            "sweep.yaml:3: num_ctx.step: is missing; write \"step: 4096\" there\n");
  EXPECT_EQ(axis("num_ctx: {start: 1, stop: 2, step: 1}"),
            "sweep.yaml:3: num_ctx.stop: is no known key; did you mean end?\n"
            "sweep.yaml:3: num_ctx.end: is missing; write \"end: 8192\" there\n");
  EXPECT_EQ(axis("num_ctx: [8,\n 16,\n 8]"),
            "sweep.yaml:5: num_ctx: 8 is in the list twice; keep one of them\n");
  EXPECT_EQ(axis("num_ctx: [8, \"16\", 1k,]"),
            "sweep.yaml:3: num_ctx: \"16\" in quotes is a text; write 16\n"
            "sweep.yaml:3: num_ctx: 1k is not a whole number; write 1024\n");
  EXPECT_EQ(axis("num_ctx: []"),
            "sweep.yaml:3: num_ctx: the list is empty; write \"num_ctx: [4096,8192]\"\n");
  EXPECT_EQ(axis("num_ctx:\n"),
            "sweep.yaml:3: num_ctx: has no value; write \"num_ctx: [4096,8192]\"\n");
  EXPECT_EQ(axis("num_ctx: [[8], 16]"),
            "sweep.yaml:3: num_ctx: an entry of the list is not a value; write \"num_ctx: "
            "[4096,8192]\"\n");
  EXPECT_EQ(axis("num_ctx: 1073741825"),
            "sweep.yaml:3: num_ctx: 1073741825 is above 1073741824; " + tokens + "\n");
  EXPECT_EQ(axis("num_ctx: {start:1, end: 2, step: 1}"),
            "sweep.yaml:3: num_ctx.start:1: there is no blank after the colon; write \"start: 1\"\n"
            "sweep.yaml:3: num_ctx.start: is missing; write \"start: 4096\" there\n");
}

TEST_F(ConfigErrorTest, CountsCellsWithoutOverflow) {
  EXPECT_EQ(ErrorsOf("model: m\nnum_batch: 1\nnum_ctx: {start: 1, end: 1073741824, step: 1}"),
            "sweep.yaml:3: num_ctx.step: 1 makes 1073741824 values, more than 100000; write a "
            "larger step or a smaller range\n");
  EXPECT_EQ(ErrorsOf("model: m\nnum_batch: {start: 1, end: 100000, step: 1}\n"
                     "num_ctx: {start: 1, end: 100000, step: 1}"),
            "sweep.yaml: num_batch x num_ctx: 100000 x 100000 = 10000000000 cells are more than "
            "100000; write larger steps or smaller ranges\n");
}

TEST_F(ConfigErrorTest, NamesUnknownAndDoubledKeys) {
  EXPECT_EQ(ErrorsOf(With("num_cxt: 3")),
            "sweep.yaml:4: num_cxt: is no known key; did you mean num_ctx?\n");
  EXPECT_EQ(ErrorsOf(With("temperature: 3")),
            "sweep.yaml:4: temperature: is no known key; write one of test_row_first, model, "
            "modelfile, workload, ollama, gpus, sched_spread, num_parallel, flash_attention, "
            "kv_cache_type, num_ctx, num_batch, num_gpu, num_thread, main_gpu, use_mmap, "
            "prompt_tokens, num_predict, concurrency, request_rate, prompt_file, prompt, "
            "repetitions, extra, arrival, requests, duration_s, slo, timeout_s\n");
  EXPECT_EQ(ErrorsOf(With("model: m")),
            "sweep.yaml:4: model: is given twice, first in line 1; keep one of them\n");
  EXPECT_EQ(
      ErrorsOf("model: m\nnum_batch: 1\nnum_ctx:\n  step: 1\n  start: 1\n  end: 2\n  step: 2\n"),
      "sweep.yaml:7: num_ctx.step: is given twice, first in line 4; keep one of them\n");
  EXPECT_EQ(ErrorsOf(With("? [a]\n: 2")),
            "sweep.yaml:4: a key must be a word; write one of the known keys before the colon\n");
  EXPECT_EQ(ErrorsOf(With("<<: 3")).substr(0, 35), "sweep.yaml:4: <<: is no known key; ");
}

TEST_F(ConfigErrorTest, WantsNoMoreThanOneModel) {
  const std::string axes = "num_ctx: 1024\nnum_batch: 64\n";
  EXPECT_EQ(ErrorsOf(axes + "model: m\nmodelfile: x\n"),
            "sweep.yaml:4: modelfile: cannot be given together with model in line 3; keep one of "
            "them\n");
  for (const char* name : {"\"-v\"", "\"\"", "a b", "\"a\\nFROM b\""}) {
    const std::string errors = ErrorsOf(axes + "model: " + name);
    EXPECT_EQ(errors.find("sweep.yaml:3: model: \""), 0U) << errors;
    EXPECT_NE(errors.find("is not a model name; write [host/]"), std::string::npos) << errors;
  }
}

TEST_F(ConfigErrorTest, WantsAPromptThatIsThereAndIsText) {
  std::filesystem::create_directory(folder() / "folder");
  Write("empty", " \n\t");
  Write("nul", std::string_view("ab\nc\0d", 6));
  Write("latin", "gr\xFC\xDF");
  const auto of = [this](const std::string& name) {
    return ErrorsOf(With("prompt_file: " + name));
  };
  const std::string at = "sweep.yaml:4: prompt_file: ";
  EXPECT_EQ(of("gone.txt"), at + "gone.txt does not exist; create it or correct the path, "
                                 "looked for at gone.txt\n");
  EXPECT_EQ(of("~/p.txt"), at + "~/p.txt does not exist; write the whole path, \"~\" is not "
                                "replaced by the home folder\n");
  EXPECT_EQ(of("folder"), at + "folder is a folder; name a file in it\n");
  EXPECT_EQ(of("/dev/zero"),
            at + "/dev/zero is not a regular file; copy its content to a file and name that\n");
  EXPECT_EQ(of("empty"), at + "empty holds no text; write a prompt into it\n");
  EXPECT_EQ(of("nul"), at + "nul holds a NUL byte in its line 2; save it as plain text in UTF-8\n");
  EXPECT_EQ(of("latin"), at + "latin is not UTF-8 in its line 1 (byte 0xfc); save it as plain "
                              "text in UTF-8\n");
  EXPECT_EQ(of("\"\""), at + "the path is empty; write the path of a file\n");
  EXPECT_EQ(of("\"a\\0b\""), at + "the path holds a NUL byte; write the path of a file\n");
  EXPECT_EQ(ErrorsOf(With("prompt: \" \\n\"")),
            "sweep.yaml:4: prompt: the prompt holds no text; write a prompt, or leave it out for "
            "the built-in one\n");
  EXPECT_EQ(ErrorsOf(With("prompt: \"a\\0b\"")),
            "sweep.yaml:4: prompt: the prompt holds a NUL byte in its line 1; write plain text in "
            "UTF-8\n");
  EXPECT_EQ(
      ErrorsOf(With("prompt: a\nprompt_tokens: 3\nprompt_file: x\n")),
      "sweep.yaml:5: prompt_tokens: cannot be given together with prompt in line 4; keep one of "
      "them\n"
      "sweep.yaml:6: prompt_file: cannot be given together with prompt in line 4; keep one of "
      "them\n");
}

TEST_F(ConfigErrorTest, TakesAPromptFileOf16MebibytesAndNoByteMore) {
  Write("large", std::string(std::size_t{16} << 20U, 'a'));
  EXPECT_TRUE(Load(With("prompt_file: large")));
  Write("large", std::string((std::size_t{16} << 20U) + 1, 'a'));
  EXPECT_EQ(ErrorsOf(With("prompt_file: large")),
            "sweep.yaml:4: prompt_file: large is larger than 16 MiB; shorten it\n");
}

TEST_F(ConfigErrorTest, SaysWhenAFileCannotBeRead) {
  // A regular file that even an administrator cannot read from its start.
  if (!std::filesystem::exists("/proc/self/mem")) GTEST_SKIP() << "needs Linux";
  const std::string errors = ErrorsOf(With("prompt_file: /proc/self/mem"));
  EXPECT_EQ(errors.find("sweep.yaml:4: prompt_file: /proc/self/mem cannot be read ("), 0U)
      << errors;
  EXPECT_NE(errors.find("; check the permissions"), std::string::npos) << errors;
}

TEST_F(ConfigErrorTest, WantsTheModelfileToBeThere) {
  const std::string axes = "num_ctx: 1024\nnum_batch: 64\n";
  EXPECT_EQ(ErrorsOf(axes + "modelfile: gone"),
            "sweep.yaml:3: modelfile: gone does not exist; create it or correct the path, "
            "looked for at gone\n");
  EXPECT_EQ(ErrorsOf(axes + "modelfile: ."),
            "sweep.yaml:3: modelfile: . is a folder; name a file in it\n");
}

TEST_F(ConfigErrorTest, NamesTheFlagInsteadOfALine) {
  ConfigOverrides flags;
  flags.values["num_ctx.step"] = "0";
  flags.values["num_batch"] = "8,,8";
  flags.values["num_predict"] = "";
  EXPECT_EQ(ErrorsOf("model: m\nnum_ctx: {start: 1, end: 2, step: 1}", flags),
            "--ctx-step: 0 is below 1; write a whole number from 1 to 1073741824\n"
            "--batch: there is a comma too many; write 8,8\n"
            "--num-predict: no value is given; write 2\n");
}

TEST_F(ConfigErrorTest, SaysWhenAFlagHasNothingToChange) {
  ConfigOverrides flags;
  flags.values["num_ctx.step"] = "5";
  EXPECT_EQ(ErrorsOf(With(""), flags),
            "--ctx-step: has no effect on a list of values (num_ctx in line 2); give --ctx-start, "
            "--ctx-end and --ctx-step together, or --ctx alone\n");
  flags.values["num_ctx"] = "1,2";
  EXPECT_EQ(ErrorsOf(With(""), flags),
            "--ctx-step: has no effect on a list of values (--ctx); give --ctx-start, --ctx-end "
            "and --ctx-step together, or --ctx alone\n");
}

TEST_F(ConfigErrorTest, SaysWhichFlagIsMissing) {
  ConfigOverrides flags;
  flags.values["model"] = "m";
  flags.values["num_ctx.start"] = "1";
  flags.values["num_ctx.end"] = "2";
  EXPECT_EQ(Lines(LoadSweepConfig(std::nullopt, flags)),
            "--ctx-step: is missing; give it, for example --ctx-step 4096\n");
  flags.values["modelfile"] = "x";
  EXPECT_EQ(Lines(LoadSweepConfig(std::nullopt, flags)).substr(0, 53),
            "--modelfile: cannot be given together with --model; k");
}

TEST_F(ConfigErrorTest, ReportsEverythingAtOnceByLine) {
  EXPECT_EQ(
      ErrorsOf("num_cxt: 3\n"
               "repetitions: 0\n"
               "num_batch: {start: 4, end: 1, step: 1}\n"
               "test_row_first: 2\n"
               "model: -m\n"
               "confirm: [1]\n"),
      "sweep.yaml:1: num_cxt: is no known key; did you mean num_ctx?\n"
      "sweep.yaml:2: repetitions: 0 is below 1; write a whole number from 1 to 1000, or "
      "auto\n"
      "sweep.yaml:3: num_batch.end: 1 is below the start, 4; write 4 or more, or a smaller "
      "start\n"
      "sweep.yaml:4: test_row_first: 2 is neither true nor false; write true or false\n"
      "sweep.yaml:5: model: \"-m\" is not a model name; write [host/][namespace/]model[:tag], "
      "for example qwen3:4b, each part beginning with a letter, a digit or _\n"
      "sweep.yaml:6: confirm: is a list, but takes one value; write \"confirm: 3\"\n");
}

TEST_F(ConfigErrorTest, CarriesItsPartsAsValues) {
  const auto loaded = Load(With("num_predict: 0\n"));
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 1U);
  EXPECT_EQ(loaded.error().front(),
            (ConfigError{.file = folder() / "sweep.yaml",
                         .line = 4,
                         .column = 0,
                         .field = "num_predict",
                         .value = "0",
                         .message = "0 is below 1",
                         .remedy = "write a whole number from 1 to 100000"}));
}

TEST_F(ConfigErrorTest, ShowsControlCharactersEscapedAndLongValuesShortened) {
  const std::string escape = ErrorsOf(With("num_predict: \"\\e[2J\\r\\n\""));
  EXPECT_EQ(escape,
            "sweep.yaml:4: num_predict: \"\\x1b[2J\\x0d\\x0a\" in quotes is a text; write a whole "
            "number from 1 to 100000\n");
  const std::string key = ErrorsOf(With("\"\\e[31mred\": 1"));
  EXPECT_EQ(key.find("sweep.yaml:4: \\x1b[31mred: is no known key; "), 0U) << key;
  const std::string lengthy = ErrorsOf(With("num_predict: " + std::string(100'000, 'x')));
  EXPECT_LT(lengthy.size(), 200U);
}

TEST_F(ConfigErrorTest, StopsAfterAHundredErrors) {
  std::string list = "num_predict: 0\nnum_ctx: [";
  for (int i = 0; i < 50'000; ++i) list += "x,";
  const auto loaded = Load(list + "]");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().size(), 100U);
  EXPECT_EQ(loaded.error().back().message, "there may be more errors than these");
}

}  // namespace
}  // namespace ollama_bench
