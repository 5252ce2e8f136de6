#include "ollama_bench/session/compared_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_results.h"
#include "support/memory_file_system.h"

namespace ollama_bench {
namespace {

using ::testing::HasSubstr;

ResultsStore StoreOf(MemoryFileSystem& files, std::vector<Axis> axes) {
  Metadata metadata;
  metadata.schema_version = 2;
  metadata.axes = std::move(axes);
  metadata.workload = "prefill";
  return ResultsStore::Create(files, "results.json", metadata);
}

CompareByParameter ParameterOf(const std::string& text) {
  const auto by = ParseCompareBy(text);
  if (!by || !std::holds_alternative<CompareByParameter>(*by)) {
    ADD_FAILURE() << text;
    return {};
  }
  return std::get<CompareByParameter>(*by);
}

TEST(ComparedValuesTest, AParameterIsReadWithItsTwoValuesOrWithoutAny) {
  const auto plain = ParameterOf("num_thread");
  EXPECT_EQ(plain.parameter, Parameter::kNumThread);
  EXPECT_TRUE(plain.values.empty());
  EXPECT_EQ(ParameterOf("kv_cache_type=q8_0,f16").values, (std::vector<int>{1, 0}));
  const auto paths = ParameterOf("ollama=/opt/a b/ollama,/opt/c/ollama");
  EXPECT_EQ(NameOfValue(paths.values.at(0)), "/opt/a b/ollama");
  for (const char* text : {"", "a thread", "num_thread=", "num_thread=4", "num_thread=4,8,12",
                           "num_thread=4,x", "num_thread=4,4"}) {
    EXPECT_FALSE(ParseCompareBy(text)) << text;
  }
}

TEST(ComparedValuesTest, TwoSweptValuesAreTakenInTheOrderInWhichTheyWereWritten) {
  MemoryFileSystem files;
  const ResultsStore store = StoreOf(files, {{Parameter::kNumThread, {8, 4}}});
  const auto pair = ChooseValues(store, {Parameter::kNumThread, {}});
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->first, 8);
  EXPECT_EQ(pair->second, 4);
}

TEST(ComparedValuesTest, MoreOrFewerValuesAreListed) {
  MemoryFileSystem files;
  const ResultsStore store =
      StoreOf(files, {{Parameter::kNumThread, {4, 8, 12}}, {Parameter::kUseMmap, {1}}});
  const auto three = ChooseValues(store, {Parameter::kNumThread, {}});
  ASSERT_FALSE(three);
  EXPECT_EQ(three.error().code, ExitCode::kUsage);
  EXPECT_THAT(three.error().message, HasSubstr("3 values of num_thread: 4, 8, 12"));
  EXPECT_THAT(three.error().message, HasSubstr("--by num_thread=4,12"));
  const auto one = ChooseValues(store, {Parameter::kUseMmap, {}});
  ASSERT_FALSE(one);
  EXPECT_THAT(one.error().message, HasSubstr("compare by num_thread"));
  const auto named = ChooseValues(store, {Parameter::kNumThread, {12, 4}});
  ASSERT_TRUE(named);
  EXPECT_EQ(named->first, 12);
  const auto unknown = ChooseValues(store, {Parameter::kNumThread, {4, 5}});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("no cell of results.json has num_thread=5"));
}

TEST(ComparedValuesTest, WhatIsNoParameterIsALabelOrTheHost) {
  const auto by = ParseCompareBy("commit=1f,2f");
  ASSERT_TRUE(by && std::holds_alternative<CompareByLabel>(*by));
  EXPECT_EQ(std::get<CompareByLabel>(*by).values, (std::vector<std::string>{"1f", "2f"}));
  const auto host = ParseCompareBy("host");
  ASSERT_TRUE(host && std::holds_alternative<CompareByLabel>(*host));
  EXPECT_FALSE(ParseCompareBy("commit=1f,1f"));
}

// A start with one visit and one sample of one cell, on a host of its own.
void AddStart(ResultsStore& store, const std::string& id, const Labels& labels) {
  const std::string began = "2026-11-28T0" + id + ":00:00+00:00";
  Metadata metadata = store.metadata();
  metadata.starts.push_back({id, began, "host" + id, labels});
  store.SetMetadata(metadata);
  const Cell cell(1024, 64);
  VisitRecord visit;
  visit.id = "v" + id;
  visit.started = began;
  visit.start = id;
  store.SetVisit(cell, visit, began);
  Sample sample;
  sample.id = "s" + id;
  sample.visit = visit.id;
  store.AddSample(cell, sample, began);
}

TEST(ComparedValuesTest, OfALabelTheLastTwoValuesAreTakenWithTheirSamplesAlone) {
  MemoryFileSystem files;
  ResultsStore store = StoreOf(files, {});
  AddStart(store, "3", {{"commit", "new"}});
  AddStart(store, "1", {{"commit", "old"}});
  AddStart(store, "2", {{"commit", "middle"}});
  AddStart(store, "4", {});
  AddStart(store, "5", {{"commit", "middle"}});
  const auto pair = ChooseLabelled(store, {"commit", {}});
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->first.value, "middle");
  EXPECT_EQ(pair->second.value, "new");
  ASSERT_EQ(pair->first.results.size(), 1U);
  EXPECT_EQ(pair->first.results[0].samples.size(), 2U);
  EXPECT_EQ(pair->first.hosts, (std::set<std::string>{"host2", "host5"}));
  ASSERT_EQ(pair->second.results.size(), 1U);
  EXPECT_EQ(pair->second.results[0].samples.at(0).id, "s3");
  const auto hosts = ChooseLabelled(store, {"host", {"host1", "host4"}});
  ASSERT_TRUE(hosts);
  EXPECT_EQ(hosts->second.results.at(0).samples.at(0).id, "s4");
}

TEST(ComparedValuesTest, ALabelWithoutTwoValuesIsAnsweredWithWhatThereIs) {
  MemoryFileSystem files;
  ResultsStore store = StoreOf(files, {});
  AddStart(store, "1", {{"commit", "a"}});
  const auto other = ChooseLabelled(store, {"branch", {}});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("its labels are commit"));
  const auto one = ChooseLabelled(store, {"commit", {}});
  ASSERT_FALSE(one);
  EXPECT_THAT(one.error().message, HasSubstr("one value of the label commit, a"));
  const auto unknown = ChooseLabelled(store, {"commit", {"a", "b"}});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("commit=b; its values are a"));
}

}  // namespace
}  // namespace ollama_bench
