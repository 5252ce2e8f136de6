#include "ollama_bench/store/telemetry_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "ollama_bench/store/window_files.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

TelemetryRecord Record() {
  TelemetryRecord record;
  record.gpu_names = {"Fake GPU A", ""};
  record.measured_from_s = 1.25;
  for (int i = 0; i < 20; ++i) {
    TelemetryReading& reading = record.readings.emplace_back();
    reading.at_s = 0.2 * i;
    if (i > 0) reading.cpus = 1.125;
    if (i % 2 == 0) reading.server_bytes = 123456789012;
    reading.power_w = 65.5;
    reading.gpus.resize(2);
    reading.gpus[0] = {0, 0.5, 7, 200.25, 1800.0, 65.0, i % 3 == 0, 12.5};
    reading.gpus[1].index = 1;
  }
  return record;
}

class TelemetryFilesTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path Results(const std::string& name) const {
    return folder_.path() / name;
  }
  std::optional<TelemetryRecord> Read(const std::string& results, const std::string& id) {
    const auto read = ReadTelemetryFile(file_system_, Results(results), id);
    EXPECT_TRUE(read) << read.error().message;
    return read ? *read : std::nullopt;
  }
  TemporaryFolder folder_;
  PosixFileSystem file_system_;
};

TEST_F(TelemetryFilesTest, WhatIsWrittenIsReadBack) {
  ASSERT_TRUE(WriteTelemetryFile(file_system_, Results("a.json"), "S", Record()));
  auto read = Read("a.json", "S");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->readings.size(), 20U);
  const TelemetryRecord expected = Record();
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_NEAR(read->readings[i].at_s, expected.readings[i].at_s, 1e-4);
    read->readings[i].at_s = expected.readings[i].at_s;
  }
  EXPECT_EQ(*read, expected);
}

TEST_F(TelemetryFilesTest, ALostFolderIsNoComplaint) {
  EXPECT_FALSE(Read("a.json", "S"));
}

TEST_F(TelemetryFilesTest, ADamagedLineIsNamed) {
  ASSERT_TRUE(WriteTelemetryFile(file_system_, Results("a.json"), "S", Record()));
  const auto path = BulkFolderOf(Results("a.json")) / "S.telemetry.jsonl";
  for (const char* line : {"{\"cpus\": 1}\n", "{\"at_ms\": 1, \"cpus\": \"x\"}\n", "7\n"}) {
    ASSERT_TRUE(WriteTelemetryFile(file_system_, Results("a.json"), "S", Record()));
    std::ofstream(path, std::ios::app) << line << "{\"at_ms\": 9}\n";
    const auto read = ReadTelemetryFile(file_system_, Results("a.json"), "S");
    ASSERT_FALSE(read) << line;
    EXPECT_NE(read.error().message.find("22"), std::string::npos) << read.error().message;
  }
}

TEST_F(TelemetryFilesTest, ReadingsAreCopiedWithTheirSamplesAndNothingIsOverwritten) {
  CellResult result;
  for (const char* id : {"S", "T", "none"}) result.samples.emplace_back().id = id;
  ASSERT_TRUE(WriteTelemetryFile(file_system_, Results("a.json"), "S", Record()));
  ASSERT_TRUE(WriteTelemetryFile(file_system_, Results("a.json"), "T", Record()));
  ASSERT_TRUE(WriteTelemetryFile(file_system_, Results("a.json"), "other", Record()));
  TelemetryRecord there = Record();
  there.readings.resize(3);
  ASSERT_TRUE(WriteTelemetryFile(file_system_, Results("b.json"), "T", there));
  ASSERT_TRUE(CopyBulkFiles(file_system_, Results("a.json"), Results("b.json"), {result}));
  EXPECT_EQ(Read("b.json", "S")->readings.size(), 20U);
  EXPECT_EQ(Read("b.json", "T")->readings.size(), 3U);
  EXPECT_FALSE(Read("b.json", "other"));
}

TEST_F(TelemetryFilesTest, ASummaryIsOneObjectWithoutWhatIsNotKnown) {
  Telemetry telemetry;
  telemetry.readings = 3;
  telemetry.cpus_mean = 1.5;
  telemetry.gpus.emplace_back().name = "A";
  telemetry.gpus[0].use_mean = 0.5;
  EXPECT_EQ(FormatTelemetry(telemetry),
            "{\"cpus_mean\":1.5,\"gpus\":[{\"index\":0,\"name\":\"A\",\"use_mean\":0.5}],"
            "\"readings\":3}");
}

}  // namespace
}  // namespace ollama_bench
