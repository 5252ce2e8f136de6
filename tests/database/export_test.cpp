#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "export_fixture.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/export/export_text.h"
#include "ollama_bench/export/postgres.h"
#include "ollama_bench/store/prompt_lines.h"
#include "ollama_bench/store/telemetry_files.h"
#include "support/prompt_records.h"
#include "support/seed.h"

namespace ollama_bench::testing {
namespace {

using Json = nlohmann::json;

class ExportDatabaseTest : public ExportFixture {};

TEST_F(ExportDatabaseTest, ASecondExportChangesNothing) {
  WriteResults(200);
  const std::string database = server_.NewDatabase();
  ExpectExported(database);
  EXPECT_EQ(RowsOf(database, "benchmarks"), "2");
  EXPECT_EQ(RowsOf(database, "model_measurements"), "202") << "two visits failed";
  EXPECT_EQ(RowsOf(database, "device_measurements"), "400") << "machine and GPU";
  const std::string before = server_.Content(database);
  const Ended again = RunProgram(ExportTo(database));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.out.find("; 0 rows added or changed"), std::string::npos) << again.out;
  EXPECT_EQ(server_.Content(database), before);
}

TEST_F(ExportDatabaseTest, WhatWasReadDuringASampleIsARowForEachReadingAndDevice) {
  WriteResults(20);
  TelemetryRecord record;
  record.gpu_names = {"GPU"};
  for (int i = 0; i < 7; ++i) {
    TelemetryReading reading;
    reading.at_s = 0.25 * i;
    reading.cpus = 1.5;
    GpuReading gpu;
    gpu.use = 0.125 * i;
    reading.gpus = {gpu};
    record.readings.push_back(reading);
  }
  PosixFileSystem files;
  ASSERT_TRUE(WriteTelemetryFile(files, folder_ / "results.json", "S000003", record));
  const std::string database = server_.NewDatabase();
  ExpectExported(database);
  EXPECT_EQ(RowsOf(database, "device_measurements"), std::to_string(2 * 20 + 2 * 7));
  EXPECT_EQ(server_.Query(database,
                          "SELECT extract(epoch FROM d.\"time\" - m.\"time\"), d.gpu_util "
                          "FROM ollama_bench.device_measurements d "
                          "JOIN ollama_bench.model_measurements m USING (sample_id) "
                          "WHERE d.device = 'gpu0' AND d.reading = 4"),
            "0.750000|37.5");
  const std::string before = server_.Content(database);
  ExpectExported(database);
  EXPECT_EQ(server_.Content(database), before);
}

TEST_F(ExportDatabaseTest, WhatWasMeasuredSinceIsAdded) {
  const std::string database = server_.NewDatabase();
  WriteResults(20);
  ExpectExported(database);
  WriteResults(50);
  ExpectExported(database);
  const std::string grown = server_.Content(database);
  const std::string other = server_.NewDatabase();
  ExpectExported(other);
  EXPECT_EQ(server_.Content(other), grown);
}

TEST_F(ExportDatabaseTest, PsqlMakesTheSameRowsOfTheSqlFormat) {
  WriteResults(100);
  const std::string by_libpq = server_.NewDatabase();
  ExpectExported(by_libpq);
  ASSERT_EQ(RunProgram(Export({"-o", "out.sql"})).exit_code, 0);
  const std::string by_psql = server_.NewDatabase();
  for (int i = 0; i < 2; ++i) {
    const Ended ended = server_.Psql(by_psql, {"-f", (folder_ / "out.sql").string()});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }
  EXPECT_EQ(server_.Content(by_psql), server_.Content(by_libpq));
}

TEST_F(ExportDatabaseTest, HostileTextsComeBackAsTheyWere) {
  WriteResults(100);
  const std::string database = server_.NewDatabase();
  ExpectExported(database);
  const auto json_of = [&](const std::string& sql) {
    return Json::parse(
        server_.Query(database, "SELECT jsonb_agg(to_jsonb(t)) FROM (" + sql + ") t"));
  };
  for (const Json& row : json_of("SELECT * FROM ollama_bench.benchmarks")) {
    for (const char* column :
         {"tool_version", "ollama_version", "model", "model_digest", "host", "branch"}) {
      EXPECT_EQ(row[column], kHostile) << column;
    }
    EXPECT_TRUE(row["commit_id"].get<std::string>().ends_with(kHostile));
    EXPECT_EQ(row["metadata"]["labels"][kHostile], kHostile);
    EXPECT_EQ(row["metadata"]["server_settings"][kHostile], kHostile);
    EXPECT_EQ(row["metadata"]["gpus"], Json({kHostile, kHostile}));
  }
  const Json rows = json_of("SELECT * FROM ollama_bench.model_measurements");
  int failures = 0;
  int disturbed = 0;
  for (const Json& row : rows) {
    const Json& measurements = row["measurements"];
    EXPECT_EQ(measurements["model"], kHostile);
    EXPECT_EQ(measurements[std::string("label_") + kHostile], kHostile);
    if (row["record"] == "failed_visit") {
      ++failures;
      EXPECT_EQ(measurements["failure_message"], kHostile);
      continue;
    }
    EXPECT_EQ(measurements["gpu0_name"], kHostile);
    disturbed += measurements.value("disturbed_by", "") == kHostile;
    EXPECT_EQ(measurements["time_to_first_token_secs"], measurements["ttft_s"]);
    EXPECT_GT(measurements["time_to_next_token_mean_secs"], 0);
  }
  EXPECT_EQ(failures, 1);
  EXPECT_EQ(disturbed, 3);
}

// A results file is read with control characters escaped; what another reader lets in must come
// through as well.
TEST_F(ExportDatabaseTest, ControlCharactersInEveryTextComeBackByBothWays) {
  using namespace std::string_literals;
  const std::string raw = "a\tb\nc\rd\\e\\.f\\Ng\x01h\x7f\b\f\v"s;
  const std::string with_nul = raw + "\0i"s;
  Metadata metadata;
  metadata.store_id = with_nul;
  metadata.identity.model = with_nul;
  metadata.environment.gpus = {with_nul};
  metadata.starts = {{"S", "2026-11-21T07:00:00+00:00", with_nul, {{with_nul, with_nul}}}};
  PosixFileSystem file_system;
  ExportInput input;
  input.sweeps.push_back(ResultsStore::Create(file_system, folder_ / "r\n.json", metadata));
  VisitRecord visit;
  visit.id = with_nul;
  visit.start = "S";
  visit.failure = Failure{FailureKind::kUnknown, with_nul, {}, 1};
  const Cell cell = Cell().With(Parameter::kModel, ValueOfName(raw));
  input.sweeps.back().SetVisit(cell, visit, with_nul);
  Sample sample;
  sample.id = with_nul;
  sample.visit = visit.id;
  sample.started = with_nul;
  input.sweeps.back().AddSample(cell, sample, with_nul);
  StopRequest stop;
  const std::string by_libpq = server_.NewDatabase();
  const auto done = ExportToPostgres(server_.UrlWithPassword(by_libpq), input, stop);
  ASSERT_TRUE(done) << done.error().message;
  std::string script;
  WriteExport(ExportFormat::kSql, input, [&](std::string_view part) { script += part; });
  folder_.Write("out.sql", script);
  const std::string by_psql = server_.NewDatabase();
  const Ended ended = server_.Psql(by_psql, {"-f", (folder_ / "out.sql").string()});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(server_.Content(by_psql), server_.Content(by_libpq));
  const Json row = Json::parse(
      server_.Query(by_psql,
                    "SELECT jsonb_build_object('id', sample_id, 'row', measurements, 'labels', "
                    "metadata->'labels') FROM ollama_bench.model_measurements JOIN "
                    "ollama_bench.benchmarks USING (benchmark_id) WHERE record = 'failed_visit'"));
  const std::string expected = raw + "\\x00i";
  EXPECT_EQ(row["id"], expected);
  EXPECT_EQ(row["row"]["failure_message"], Printable(with_nul)) << "as the store keeps it";
  EXPECT_EQ(row["row"]["model"], raw);
  EXPECT_EQ(row["row"]["label_" + expected], expected);
  EXPECT_EQ(row["labels"][expected], expected);
}

TEST_F(ExportDatabaseTest, TheRowsOfTheDatabaseAreThoseOfJsonLines) {
  WriteResults(50);
  const std::string database = server_.NewDatabase();
  ExpectExported(database);
  const Ended lines = RunProgram(Export({"--format", "jsonl"}));
  ASSERT_EQ(lines.exit_code, 0);
  std::istringstream in(lines.out);
  int rows = 0;
  std::set<std::string> expected;
  for (std::string line; std::getline(in, line); ++rows) expected.insert(Json::parse(line).dump());
  std::istringstream stored(server_.Query(
      database,
      "SELECT measurements - 'time_to_first_token_secs' - 'time_to_next_token_mean_secs' "
      "FROM ollama_bench.model_measurements"));
  std::set<std::string> found;
  for (std::string line; std::getline(stored, line);) {
    found.insert(Json::parse(line).dump());
  }
  EXPECT_EQ(rows, 50);
  EXPECT_EQ(found, expected);
}

TEST_F(ExportDatabaseTest, RecordsOfPromptsKeepTheirRowsWhenTheirFileGrows) {
  std::string lines;
  const auto export_lines = [&](const std::string& database) {
    folder_.Write("results.json", lines);
    ExpectExported(database);
  };
  const std::string database = server_.NewDatabase();
  for (int i = 0; i < 5; ++i) lines += FormatPromptLine(AnsweredPrompt(i, 10)) + "\n";
  export_lines(database);
  EXPECT_EQ(RowsOf(database, "model_measurements"), "5");
  for (int i = 5; i < 10; ++i) lines += FormatPromptLine(AnsweredPrompt(i, 10)) + "\n";
  export_lines(database);
  EXPECT_EQ(RowsOf(database, "model_measurements"), "10");
  EXPECT_EQ(RowsOf(database, "benchmarks"), "1");
  EXPECT_EQ(server_.Query(database,
                          "SELECT count(*) FROM ollama_bench.samples WHERE record = "
                          "'prompt' AND counted AND ttft_s = 0.04 AND tpot_s > 0"),
            "10");
}

TEST_F(ExportDatabaseTest, KilledAtAnyMomentNothingIsLostOrDoubled) {
  WriteResults(2000);
  const std::string whole = server_.NewDatabase();
  const auto began = std::chrono::steady_clock::now();
  ExpectExported(whole);
  const auto lasted = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - began);
  const std::string expected = server_.Content(whole);
  const std::string database = server_.NewDatabase();
  std::mt19937 random(PrintedSeed());
  for (int i = 0; i < 8; ++i) {
    RunningProgram running(ExportTo(database));
    std::this_thread::sleep_for(std::chrono::microseconds(
        std::uniform_int_distribution<std::int64_t>(0, lasted.count())(random)));
    running.Signal(SIGKILL);
    running.Wait();
    const std::string found = server_.Query(
        database, "SELECT to_regclass('ollama_bench.model_measurements') IS NOT NULL");
    if (found == "t") {
      EXPECT_EQ(server_.Content(database), expected) << "half an export";
    }
  }
  ExpectExported(database);
  EXPECT_EQ(server_.Content(database), expected);
}

TEST_F(ExportDatabaseTest, ExportsAtTheSameTimeDoNotBreakEachOther) {
  WriteResults(500);
  const std::string database = server_.NewDatabase();
  std::vector<std::unique_ptr<RunningProgram>> exports;
  for (int i = 0; i < 4; ++i) {
    exports.push_back(std::make_unique<RunningProgram>(ExportTo(database)));
  }
  for (const auto& one : exports) {
    const Ended ended = one->Wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
  }
  const std::string alone = server_.NewDatabase();
  ExpectExported(alone);
  EXPECT_EQ(server_.Content(database), server_.Content(alone));
}

// Another session holds the lock of exports, so that one waits for it.
class WaitingExportTest : public ExportFixture {
 protected:
  void SetUp() override {
    WriteResults(20);
    Program holder;
    holder.argv = {"psql", "-X", server_.UrlWithPassword(database_), "-c",
                   "SELECT pg_advisory_lock(7021948312057710145), pg_sleep(60)"};
    holder_ = std::make_unique<RunningProgram>(holder);
    AwaitLock("true");
    running_ = std::make_unique<RunningProgram>(ExportTo(database_));
    AwaitLock("false");
  }
  void TearDown() override {
    holder_->SignalGroup(SIGTERM);
    holder_->Wait();
  }
  void AwaitLock(const std::string& granted) const {
    const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (server_.Query(database_,
                         "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
                         "AND granted = " +
                             granted) == "0") {
      ASSERT_LT(std::chrono::steady_clock::now(), latest);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  void ExpectNothingWritten() const {
    EXPECT_EQ(server_.Query(database_, "SELECT to_regnamespace('ollama_bench') IS NULL"), "t");
  }

  std::string database_ = server_.NewDatabase();
  std::unique_ptr<RunningProgram> holder_;
  std::unique_ptr<RunningProgram> running_;
};

TEST_F(WaitingExportTest, AStopEndsItAndNothingIsWritten) {
  running_->Signal(SIGINT);
  const Ended ended = running_->Wait();
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_NE(ended.err.find("stopped; nothing was written"), std::string::npos) << ended.err;
  ExpectNothingWritten();
}

TEST_F(WaitingExportTest, AConnectionThatTheServerEndsIsNamedAndNothingIsWritten) {
  server_.Query(database_,
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE application_name = 'ollama-bench'");
  const Ended ended = running_->Wait();
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("export again"), std::string::npos) << ended.err;
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  ExpectNothingWritten();
}

}  // namespace
}  // namespace ollama_bench::testing
