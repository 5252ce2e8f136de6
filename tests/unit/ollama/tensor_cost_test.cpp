#include "tensor_cost.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "support/test_data.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

// What /api/show of v0.11.4 and v0.32.15 says of SmolLM2 135M, without its texts.
json SmolLm2() {
  return json::parse(ReadTestData("show/smollm2.json"));
}

json Tensor(const char* name, const char* type, std::vector<int> shape) {
  return {{"name", name}, {"type", type}, {"shape", std::move(shape)}};
}

TEST(TensorCostTest, ARealModelReadsItsFileButForTheMetadata) {
  const auto cost = CostOfTensors(SmolLm2());
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->active_parameters, 134'515'008) << "as general.parameter_count says";
  EXPECT_EQ(cost->weight_bytes, 96'576'768) << "counted by another program";
  EXPECT_FALSE(cost->is_mixture);
  constexpr double kFile = 98'363'007;  // with texts and metadata
  EXPECT_LT(static_cast<double>(cost->weight_bytes), kFile);
  EXPECT_GT(static_cast<double>(cost->weight_bytes), 0.95 * kFile);
}

TEST(TensorCostTest, OfAMixtureTheShareOfTheExpertsInUseIsRead) {
  const json answer = {
      {"model_info",
       {{"general.architecture", "moe"}, {"moe.expert_count", 8}, {"moe.expert_used_count", 2}}},
      {"tensors",
       {Tensor("token_embd.weight", "F16", {64, 1000}), Tensor("output.weight", "F16", {64, 1000}),
        Tensor("blk.0.attn_q.weight", "Q4_0", {64, 64}),
        Tensor("blk.0.ffn_up_exps.weight", "Q8_0", {64, 128, 8})}}};
  const auto cost = CostOfTensors(answer);
  ASSERT_TRUE(cost);
  EXPECT_TRUE(cost->is_mixture);
  constexpr std::int64_t kOutput = 64 * 1000;
  constexpr std::int64_t kAttention = 64 * 64;
  constexpr std::int64_t kExperts = 64 * 128 * 8 / 4;
  EXPECT_EQ(cost->active_parameters, kOutput + kAttention + kExperts)
      << "a token reads one row of the table of embeddings";
  EXPECT_EQ(cost->weight_bytes, kOutput * 2 + kAttention * 18 / 32 + kExperts * 34 / 32);
}

TEST(TensorCostTest, ATableThatIsTheOutputTooIsRead) {
  json answer = SmolLm2();
  const auto tied = CostOfTensors(answer);
  answer["tensors"].push_back(Tensor("output.weight", "Q8_0", {576, 49152}));
  EXPECT_EQ(CostOfTensors(answer)->weight_bytes, tied->weight_bytes);
  answer["tensors"].push_back(Tensor("v.blk.0.weight", "F32", {4096, 4096}));
  EXPECT_EQ(CostOfTensors(answer)->weight_bytes, tied->weight_bytes) << "the part for pictures";
}

TEST(TensorCostTest, WhatIsNotKnownIsNoCost) {
  const json whole = SmolLm2();
  EXPECT_FALSE(CostOfTensors(json::object()));
  for (const char* key : {"tensors", "model_info"}) {
    json answer = whole;
    answer.erase(key);
    EXPECT_FALSE(CostOfTensors(answer)) << key;
  }
  for (const json& wrong :
       {Tensor("x", "Q9_X", {32}), Tensor("x", "F32", {}), Tensor("x", "F32", {-1}), json(5),
        json{{"name", "x"}, {"type", 5}, {"shape", "y"}}}) {
    json answer = whole;
    answer["tensors"].push_back(wrong);
    EXPECT_FALSE(CostOfTensors(answer)) << wrong;
  }
}

}  // namespace
}  // namespace ollama_bench
