#include "ollama_bench/export/export_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "columns.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/parameter.h"
#include "support/memory_file_system.h"
#include "support/prompt_records.h"
#include "support/random_store.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;
using Table = std::vector<std::vector<std::string>>;

std::string Text(ExportFormat format, const ExportInput& input) {
  std::string text;
  WriteExport(format, input, [&text](std::string_view part) { text += part; });
  return text;
}

// A reader of RFC 4180 that fails where the text is none.
Table ReadCsv(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Table table;
  std::vector<std::string> row;
  while (!text.empty()) {
    std::string field;
    if (text.front() == '"') {
      std::size_t at = 1;
      for (;; ++at) {
        EXPECT_LT(at, text.size()) << "an open quote";
        if (at >= text.size()) return table;
        if (text[at] != '"') {
          field += text[at];
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
          field += text[at++];
        } else {
          break;
        }
      }
      text.remove_prefix(at + 1);
    } else {
      const auto end = std::min(text.find_first_of(",\r\n\""), text.size());
      field = text.substr(0, end);
      text.remove_prefix(end);
    }
    row.push_back(field);
    if (text.starts_with(',')) {
      text.remove_prefix(1);
      continue;
    }
    EXPECT_TRUE(text.starts_with("\r\n")) << text.substr(0, 20);
    text.remove_prefix(std::min<std::size_t>(2, text.size()));
    table.push_back(std::move(row));
    row.clear();
  }
  return table;
}

class ExportTextTest : public ::testing::Test {
 protected:
  // With a start of `labels` that took every sample.
  ResultsStore& AddStore(std::map<std::string, std::string> labels = {}, int samples = 3) {
    RandomValues random(7);
    Metadata metadata = random.MakeMetadataOfSchema2();
    metadata.starts = {{"START", "2026-11-21T07:00:00+00:00", "rig", std::move(labels)}};
    auto store = ResultsStore::Create(file_system_, "results.json", metadata);
    for (int i = 0; i < 20; ++i) {
      VisitRecord visit = random.MakeVisit("V" + std::to_string(i));
      visit.start = "START";
      const Cell cell = random.MakeCell();
      store.SetVisit(cell, visit, "2026-11-21T07:00:05+00:00");
      for (int j = 0; j < samples; ++j) {
        Sample sample = random.MakeSample("S" + std::to_string(i) + "-" + std::to_string(j));
        sample.visit = visit.id;
        store.AddSample(cell, sample, "2026-11-21T07:00:05+00:00");
      }
    }
    input_.sweeps.push_back(std::move(store));
    return input_.sweeps.back();
  }

  MemoryFileSystem file_system_;
  ExportInput input_;
};

TEST_F(ExportTextTest, EveryColumnHasANameOfItsOwnAndEveryParameterAndMetricAColumn) {
  AddStore({{"commit", "1f0c2ab"}});
  const Table table = ReadCsv(Text(ExportFormat::kCsv, input_));
  const std::set<std::string> names(table.front().begin(), table.front().end());
  EXPECT_EQ(names.size(), table.front().size());
  for (const ParameterInfo& info : AllParameters()) {
    EXPECT_TRUE(names.contains(std::string(info.key))) << info.key;
  }
  for (const MetricInfo& info : AllMetrics()) {
    const std::string unit = info.unit == "s" ? "_s" : info.unit == "GB" ? "_gb" : "";
    EXPECT_TRUE(names.contains(std::string(info.key) + unit)) << info.key;
  }
  EXPECT_TRUE(names.contains("label_commit"));
}

TEST_F(ExportTextTest, CsvHasTheRowsOfJsonLines) {
  AddStore({{"commit", "=1+1"}, {"note", "-5"}, {"quote", "'\"\r\n,"}, {"at", "@a"}});
  const Table table = ReadCsv(Text(ExportFormat::kCsv, input_));
  std::istringstream lines(Text(ExportFormat::kJsonLines, input_));
  std::size_t row = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    ASSERT_LT(++row, table.size());
    ASSERT_EQ(table[row].size(), table[0].size());
    for (std::size_t i = 0; i < table[0].size(); ++i) {
      const std::string& field = table[row][i];
      const auto found = json.find(table[0][i]);
      if (found == json.end()) {
        EXPECT_EQ(field, "") << table[0][i];
      } else if (found->is_string()) {
        EXPECT_EQ(field.starts_with('\'') ? field.substr(1) : field, found->get<std::string>());
      } else if (found->is_boolean()) {
        EXPECT_EQ(field, found->get<bool>() ? "true" : "false");
      } else {
        EXPECT_EQ(std::stod(field), found->get<double>()) << table[0][i];
      }
    }
  }
  EXPECT_EQ(row + 1, table.size());
  EXPECT_GE(row, 60U) << "every sample is a row";
}

TEST_F(ExportTextTest, NoTextOfCsvIsAFormulaAndNoNumberIsChanged) {
  AddStore({{"a", "=cmd|' /C calc'!A0"},
            {"b", "+1"},
            {"c", "-1"},
            {"d", "@SUM(A1)"},
            {"e", "\t=1"},
            {"f", "  =1"},
            {"g", "'=1"},
            {"h",
             "\xEF\xBC\x9D"
             "1"},
            {"i", "fine"}});
  RunMetrics metrics;
  metrics.total = std::chrono::nanoseconds(-1'500'000'000);
  Sample sample;
  sample.id = "NEGATIVE";
  sample.metrics = metrics;
  input_.sweeps.back().AddSample(Cell(1, 1), sample, "");
  const Table table = ReadCsv(Text(ExportFormat::kCsv, input_));
  for (std::size_t i = 0; i < table[0].size(); ++i) {
    if (!table[0][i].starts_with("label_")) continue;
    const std::string& field = table[1][i];
    EXPECT_EQ(field.starts_with('\''), table[0][i] != "label_i") << table[0][i] << " " << field;
  }
  const auto total = std::find(table[0].begin(), table[0].end(), "total_s") - table[0].begin();
  const bool is_there = std::any_of(table.begin(), table.end(), [total](const auto& row) {
    return row[static_cast<std::size_t>(total)] == "-1.5";
  });
  EXPECT_TRUE(is_there) << "a number below zero stays one";
}

TEST_F(ExportTextTest, AByteOrderMarkIsThereOnlyForLettersThatAreNotAscii) {
  Metadata metadata;
  metadata.store_id = "STORE";
  auto store = ResultsStore::Create(file_system_, "plain.json", metadata);
  Sample sample;
  sample.id = "S";
  store.AddSample(Cell(1024, 64), sample, "");
  input_.sweeps.push_back(std::move(store));
  EXPECT_TRUE(Text(ExportFormat::kCsv, input_).starts_with("record,"));
  metadata.store_id = "OTHER";
  metadata.environment.host =
      "Gr\xC3\xBC\xC3\x9F"
      "e";
  auto other = ResultsStore::Create(file_system_, "other.json", metadata);
  other.AddSample(Cell(1024, 64), sample, "");
  input_.sweeps.push_back(std::move(other));
  EXPECT_TRUE(Text(ExportFormat::kCsv, input_).starts_with("\xEF\xBB\xBFrecord,"));
}

TEST_F(ExportTextTest, EveryFormatBeginsAsItIsRecognisedAndIsTheSameTwice) {
  AddStore({{"commit", "1f0c2ab"}});
  for (const ExportFormatInfo& info : AllExportFormats()) {
    const std::string text = Text(info.format, input_);
    const std::size_t mark = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    EXPECT_TRUE(text.substr(mark).starts_with(info.start)) << info.key;
    EXPECT_TRUE(Text(info.format, input_) == text) << info.key;
  }
}

TEST_F(ExportTextTest, AFailedVisitAndAPromptAreRowsOfTheirOwn) {
  ExportedPass pass;
  pass.path = "out.jsonl";
  pass.Add(AnsweredPrompt(0, 3));
  pass.Add(AnsweredPrompt(1, 3));
  pass.Add(FailedPrompt(2, 3, FailureKind::kTimeout, "timed_out"));
  input_.passes.push_back(pass);
  Metadata metadata;
  metadata.store_id = "STORE";
  auto store = ResultsStore::Create(file_system_, "results.json", metadata);
  VisitRecord visit;
  visit.id = "V";
  visit.failure = Failure{FailureKind::kOutOfMemory, "no memory", {}, 1};
  store.SetVisit(Cell(1024, 64), visit, "2026-11-21T07:00:05+00:00");
  input_.sweeps.push_back(std::move(store));
  std::istringstream lines(Text(ExportFormat::kJsonLines, input_));
  std::vector<Json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0]["record"], "failed_visit");
  EXPECT_EQ(rows[0]["failure"], "out_of_memory");
  EXPECT_EQ(rows[1]["record"], "prompt");
  EXPECT_EQ(rows[1]["ttft_s"], 0.04);
  EXPECT_EQ(rows[1]["counted"], true);
  EXPECT_EQ(rows[3]["failure"], "timeout");
  EXPECT_EQ(rows[3]["counted"], false);
  const std::set<std::string> ids = {rows[1]["id"], rows[2]["id"], rows[3]["id"]};
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_EQ(rows[1].dump().find("Because."), std::string::npos) << "texts are not exported";
}

TEST_F(ExportTextTest, ANumPredictOfTheWholeFileIsThatOfEachSample) {
  Metadata metadata;
  metadata.store_id = "STORE";
  metadata.identity.num_predict = 7;
  auto store = ResultsStore::Create(file_system_, "results.json", metadata);
  Sample sample;
  sample.id = "S";
  store.AddSample(Cell(1024, 64), sample, "");
  sample.id = "T";
  store.AddSample(Cell(1024, 64).With(Parameter::kNumPredict, 9), sample, "");
  input_.sweeps.push_back(std::move(store));
  std::istringstream lines(Text(ExportFormat::kJsonLines, input_));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(Json::parse(line)["num_predict"], 7);
  std::getline(lines, line);
  EXPECT_EQ(Json::parse(line)["num_predict"], 9);
}

TEST_F(ExportTextTest, MarkdownHasOneRowACellWithItsIntervalAndNoTextEndsACell) {
  Metadata metadata;
  metadata.store_id = "STORE";
  metadata.identity.model = "a|b\nc";
  auto store = ResultsStore::Create(file_system_, "results.json", metadata);
  for (int i = 0; i < 6; ++i) {
    Sample sample;
    sample.id = "S" + std::to_string(i);
    sample.load_id = i + 1;
    sample.metrics.printed_prompt_eval_rate = 100 + i;
    store.AddSample(Cell(1024, i < 3 ? 64 : 128), sample, "");
  }
  VisitRecord visit;
  visit.id = "V";
  visit.failure = Failure{FailureKind::kOutOfMemory, "no memory", {}, 1};
  store.SetVisit(Cell(2048, 64), visit, "");
  input_.sweeps.push_back(std::move(store));
  const std::string text = Text(ExportFormat::kMarkdown, input_);
  EXPECT_NE(text.find("a\\|b\\\\x0ac"), std::string::npos) << text;
  EXPECT_NE(text.find("| 1024 | 64 | 101.00 | "), std::string::npos) << text;
  EXPECT_NE(text.find("| 1024 | 128 | 104.00 | "), std::string::npos) << text;
  EXPECT_NE(text.find("| 2048 | 64 |  |  |  |  | failed: out\\_of\\_memory |"), std::string::npos)
      << text;
}

TEST(StorableTextTest, HoldsWhatEveryDatabaseTakes) {
  using namespace std::string_literals;
  EXPECT_EQ(StorableText("a\tb\n\\"), "a\tb\n\\");
  EXPECT_EQ(StorableText("a\0b"s), "a\\x00b");
  EXPECT_EQ(StorableText("a\xFF"
                         "b"),
            "a\xEF\xBF\xBD"
            "b");
}

TEST_F(ExportTextTest, MetricsOfPrometheusAreInTheBaseUnitsThatTheirNamesSay) {
  auto store = ResultsStore::Create(file_system_, "results.json", Metadata());
  Sample sample;
  sample.id = "S";
  sample.metrics.prompt_eval_count = 100;
  sample.metrics.prompt_eval = std::chrono::milliseconds(500);
  sample.metrics.total = std::chrono::milliseconds(1500);
  sample.telemetry = Telemetry();
  sample.telemetry->gpus.emplace_back().memory_bytes_max = 12'500'000'000;
  store.AddSample({1024, 64}, sample, "2026-11-21T07:00:05+00:00");
  input_.sweeps.push_back(std::move(store));
  const std::string text = Text(ExportFormat::kPrometheus, input_);
  const auto value_of = [&text](const std::string& name) {
    const auto line = text.find("\n" + name + "{");
    if (line == std::string::npos) return std::nan("");
    return std::stod(text.substr(text.find("} ", line) + 2));
  };
  EXPECT_EQ(value_of("ollama_bench_gpu_memory_bytes"), 12.5e9);
  EXPECT_EQ(value_of("ollama_bench_total_seconds"), 1.5);
  EXPECT_EQ(value_of("ollama_bench_prompt_eval_tokens_per_second"), 200);
}

}  // namespace
}  // namespace ollama_bench
