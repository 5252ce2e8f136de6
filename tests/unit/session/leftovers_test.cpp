#include "ollama_bench/session/leftovers.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

const std::string kStore = "01kajq4yz8w3m5n7p9r1s3t5v7";
const std::string kOther = "01kbbbbbbbbbbbbbbbbbbbbbbb";

TEST(LeftoversTest, AModelNamedAfterItsStoreIsTheStoresOwnWhateverItsDigest) {
  for (const std::string& name : {OwnModelName(kStore), OwnModelName(kStore) + "-base"}) {
    for (const char* noted : {"", "sha256:1", "sha256:2"}) {
      EXPECT_TRUE(IsOwnModel({name, noted}, kStore, "sha256:1")) << name << ' ' << noted;
    }
  }
}

TEST(LeftoversTest, ANameOfTheStoreStaysItsOwnWhenAMergeChangesTheId) {
  EXPECT_TRUE(IsOwnModel({OwnModelName(kStore) + "-base", ""}, kOther, "sha256:1"));
}

TEST(LeftoversTest, AModelUnderAChosenNameIsTheStoresOwnOnlyWithTheNotedDigest) {
  for (const char* name : {"mymodel", "mymodel-base", "ollama-bench-", "ollama-bench-mine",
                           "ollama-bench-base", "my-ollama-bench-01kajq4yz8w3m5n7p9r1s3t5v7"}) {
    EXPECT_TRUE(IsOwnModel({name, "sha256:1"}, kStore, "sha256:1")) << name;
    EXPECT_FALSE(IsOwnModel({name, "sha256:1"}, kStore, "sha256:2")) << name;
    EXPECT_FALSE(IsOwnModel({name, ""}, kStore, "sha256:2")) << name;
    EXPECT_FALSE(IsOwnModel({name, ""}, kStore, "")) << name;
    EXPECT_FALSE(IsOwnModel({name, ""}, "", "sha256:2")) << name;
  }
}

}  // namespace
}  // namespace ollama_bench
