#include "ollama_bench/store/identity_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_results.h"

namespace ollama_bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Identity kIdentity{"smollm2", "sha256:1", "abc", 261, 2, "cli", "0.11.4"};

Environment Rig() {
  Environment environment;
  environment.host = "rig";
  environment.os = "Debian 12";
  environment.cpu = "EPYC";
  environment.gpus = {"RTX 3090", "RTX 3090"};
  environment.server_settings = {{"OLLAMA_NUM_PARALLEL", "1"}};
  return environment;
}

IdentityCheck CheckPresent(const Identity& present) {
  return CheckIdentity(kIdentity, Rig(), present, Rig());
}

TEST(IdentityCheckTest, FindsNothingBetweenEquals) {
  const IdentityCheck check = CheckPresent(kIdentity);
  EXPECT_THAT(check.refusals, IsEmpty());
  EXPECT_THAT(check.warnings, IsEmpty());
  EXPECT_THAT(check.unverified, IsEmpty());
}

TEST(IdentityCheckTest, RefusesEveryDifferenceOnALineOfItsOwn) {
  const Identity present{"smollm2", "sha256:2", "def", 300, 3, "api", "0.13.5"};
  EXPECT_THAT(
      CheckPresent(present).refusals,
      ElementsAre("model: results have smollm2 (sha256:1), this run uses smollm2 (sha256:2)",
                  "prompt_sha256: results have abc, this run's prompt has def",
                  "num_predict: results have 2, this run uses 3",
                  "driver: results have cli, this run uses api",
                  "ollama_version: results have 0.11.4, the server runs 0.13.5"));
}

TEST(IdentityCheckTest, OneDigestUnderTwoNamesIsOneModel) {
  Identity present = kIdentity;
  present.model = "smollm2:latest";
  EXPECT_THAT(CheckPresent(present).refusals, IsEmpty());
  present.model_digest.clear();
  EXPECT_THAT(CheckPresent(present).refusals,
              ElementsAre("model: results have smollm2, this run uses smollm2:latest"));
  EXPECT_THAT(CheckPresent(present).unverified,
              ElementsAre("model_digest: results have sha256:1, not known at present"));
}

TEST(IdentityCheckTest, ToleratesTheTokensThatMakeAPromptUnique) {
  Identity present = kIdentity;
  for (const std::int64_t tokens : {257, 265}) {
    present.prompt_tokens = tokens;
    EXPECT_THAT(CheckPresent(present).refusals, IsEmpty());
  }
  for (const std::int64_t tokens : {256, 266}) {
    present.prompt_tokens = tokens;
    EXPECT_THAT(CheckPresent(present).refusals, ElementsAre(HasSubstr("prompt_tokens: ")));
  }
  present.prompt_tokens.reset();
  EXPECT_THAT(CheckPresent(present).refusals, IsEmpty());
  EXPECT_THAT(CheckPresent(present).unverified, IsEmpty()) << "it is counted only later";
}

TEST(IdentityCheckTest, WarnsOfAnotherEnvironment) {
  Environment present = Rig();
  present.host = "other";
  present.gpus.pop_back();
  present.server_settings["OLLAMA_NUM_PARALLEL"] = "4";
  present.server_settings["OLLAMA_KV_CACHE_TYPE"] = "q8_0";
  const IdentityCheck check = CheckIdentity(kIdentity, Rig(), kIdentity, present);
  EXPECT_THAT(check.refusals, IsEmpty());
  EXPECT_THAT(check.warnings,
              ElementsAre("host: results have rig, now it is other",
                          "gpus: results have RTX 3090, RTX 3090, now it is RTX 3090",
                          "OLLAMA_KV_CACHE_TYPE: results have (not set), now it is q8_0",
                          "OLLAMA_NUM_PARALLEL: results have 1, now it is 4"));
}

TEST(IdentityCheckTest, ReportsWhatAnOldFileDoesNotKnow) {
  const IdentityCheck check = CheckIdentity({}, {}, kIdentity, Rig());
  EXPECT_THAT(check.refusals, IsEmpty());
  EXPECT_THAT(check.warnings, IsEmpty());
  EXPECT_THAT(check.unverified,
              ElementsAre("model: not recorded in the results, taken as smollm2",
                          "model_digest: not recorded in the results, taken as sha256:1",
                          "prompt_sha256: not recorded in the results, taken as abc",
                          "num_predict: not recorded in the results, taken as 2",
                          "driver: not recorded in the results, taken as cli",
                          "ollama_version: not recorded in the results, taken as 0.11.4",
                          "environment: not recorded in the results"));
}

TEST(IdentityCheckTest, AStoreThatDoesNotSayItsModelPromptDriverOrVersionLacksIdentity) {
  EXPECT_FALSE(LacksIdentity(kIdentity, kIdentity));
  EXPECT_FALSE(LacksIdentity(kIdentity, {})) << "the present knows less";
  EXPECT_TRUE(LacksIdentity({}, kIdentity));
  for (std::string Identity::*field : {&Identity::model_digest, &Identity::prompt_sha256,
                                       &Identity::driver, &Identity::ollama_version}) {
    Identity stored = kIdentity;
    (stored.*field).clear();
    EXPECT_TRUE(LacksIdentity(stored, kIdentity));
    EXPECT_FALSE(LacksIdentity(stored, stored)) << "a replay of an old file knows as little";
  }
  Identity stored = kIdentity;
  stored.model.clear();
  EXPECT_FALSE(LacksIdentity(stored, kIdentity)) << "the digest tells it";
}

CellResult OneReading(bool unverified) {
  CellResult result;
  AddLoad(result, 1, {100});
  result.samples[0].unverified = unverified;
  return result;
}

TEST(IdentityCheckTest, UnverifiedCellsMakeAFileMixedUntilTheyAreMeasuredAgain) {
  Metadata metadata;
  SettleMixed(metadata, std::vector{OneReading(true)});
  EXPECT_FALSE(metadata.mixed) << "an old file alone";
  metadata.identity = kIdentity;
  SettleMixed(metadata, std::vector{OneReading(true), OneReading(false)});
  EXPECT_TRUE(metadata.mixed && metadata.unverified);
  SettleMixed(metadata, std::vector{OneReading(false)});
  EXPECT_FALSE(metadata.mixed || metadata.unverified);
  metadata.mixed = true;
  SettleMixed(metadata, std::vector{OneReading(false)});
  EXPECT_TRUE(metadata.mixed) << "mixed knowingly, and for good";
}

TEST(IdentityCheckTest, AdoptsOnlyWhatIsUnknown) {
  EXPECT_EQ(AdoptUnknown({}, kIdentity), kIdentity);
  Identity stored;
  stored.driver = "api";
  stored.num_predict = 0;
  Identity expected = kIdentity;
  expected.driver = "api";
  expected.num_predict = 0;
  EXPECT_EQ(AdoptUnknown(stored, kIdentity), expected);
}

}  // namespace
}  // namespace ollama_bench
