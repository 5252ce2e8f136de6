#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "export_fixture.h"

namespace ollama_bench::testing {
namespace {

using Json = nlohmann::json;

Json Dashboard() {
  std::ifstream in(OLLAMA_BENCH_DASHBOARD);
  return Json::parse(in);
}

void ReplaceAll(std::string& text, const std::string& from, const std::string& to) {
  for (auto place = text.find(from); place != std::string::npos;
       place = text.find(from, place + to.size())) {
    text.replace(place, from.size(), to);
  }
}

// As Grafana expands it for a time range that holds all samples.
void ExpandTimeFilters(std::string& sql) {
  const std::string macro = "$__timeFilter(";
  for (auto begin = sql.find(macro); begin != std::string::npos; begin = sql.find(macro)) {
    const auto end = sql.find(')', begin);
    const std::string column = sql.substr(begin + macro.size(), end - begin - macro.size());
    sql.replace(begin, end + 1 - begin,
                column + " BETWEEN '2026-01-01T00:00:00Z' AND '2027-12-31T00:00:00Z'");
  }
}

class DashboardTest : public ExportFixture {
 protected:
  // What a window of load says, and records of prompts, beside a sweep.
  void SetUp() override {
    WriteResults(100);
    ExpectExported(database_);
    folder_.Write("load.json", R"({"metadata": {"schema_version": 2, "store_id": "LOAD",
      "workload": "load", "axes": [{"name": "concurrency", "values": [4]}],
      "identity": {"model": "smollm2", "ollama_version": "0.11.4"}, "environment": {"host": "rig"},
      "starts": [{"id": "START2", "started": "2026-11-22T07:00:00+00:00", "host": "rig"}]},
      "results": [{"num_ctx": 4096, "num_batch": 512, "concurrency": 4, "num_predict": 64,
        "visits": [{"id": "VL", "role": "measure", "started": "2026-11-22T07:00:00+00:00",
                    "load_id": 6000000000, "start": "START2"}],
        "samples": [{"id": "SL", "visit": "VL", "load_id": 6000000000, "role": "measure",
          "started": "2026-11-22T07:00:00+00:00", "window": {"duration_ms": 10000, "requests": 72,
          "completed": 72, "output_tokens": 4608, "ttft_p50_ms": 80, "ttft_p95_ms": 120,
          "tpot_p50_ms": 9, "e2e_p50_ms": 700, "e2e_p95_ms": 900}}]}]})");
    Program program = ExportTo(database_);
    program.argv[2] = "load.json";
    const Ended ended = RunProgram(program);
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }

  // Each value that the variable offers, as it stands in a query.
  const std::vector<std::string>& ValuesOf(const Json& variable) {
    std::vector<std::string>& values = values_[variable["name"]];
    if (!values.empty()) return values;
    for (const Json& option : variable["options"]) values.push_back(option["value"]);
    if (variable["type"] != "query") return values;
    const std::string rows = server_.Query(
        database_, "SELECT string_agg(quote_literal(value), ',') FROM (" +
                       variable["query"].get<std::string>() + ") AS variable (value)");
    EXPECT_NE(rows, "") << variable["name"] << " offers nothing";
    values.push_back(rows);
    return values;
  }
  // The query for each choice of the variables that it names.
  std::vector<std::string> Expanded(std::string sql) {
    ExpandTimeFilters(sql);
    std::vector<std::string> queries = {std::move(sql)};
    for (const Json& variable : dashboard_["templating"]["list"]) {
      if (variable["type"] == "datasource") continue;
      std::vector<std::string> chosen;
      for (const std::string& query : queries) {
        for (const std::string& value : ValuesOf(variable)) {
          chosen.push_back(query);
          for (const char* format : {":raw}", ":sqlstring}", "}"}) {
            ReplaceAll(chosen.back(), "${" + variable["name"].get<std::string>() + format, value);
          }
        }
      }
      queries = {chosen.begin(), std::unique(chosen.begin(), chosen.end())};
    }
    return queries;
  }

  std::string database_ = server_.NewDatabase();
  Json dashboard_ = Dashboard();
  std::map<std::string, std::vector<std::string>> values_;  // of each variable
};

TEST_F(DashboardTest, EveryQueryGivesRows) {
  std::size_t all = 0;
  for (const Json& panel : dashboard_["panels"]) {
    for (const Json& target : panel["targets"]) {
      const std::vector<std::string> queries = Expanded(target["rawSql"]);
      // A line of a time series needs all three.
      const std::string is_bad = target["format"] == "time_series"
                                     ? "\"time\" IS NULL OR metric IS NULL OR value IS NULL"
                                     : "false";
      std::string counts;
      for (const std::string& sql : queries) {
        ASSERT_EQ(sql.find('$'), sql.find("$$ $migrate$")) << "not expanded: " << sql;
        counts += (counts.empty() ? "" : " UNION ALL ") +
                  ("SELECT count(*) > 0 AND count(*) FILTER (WHERE " + is_bad + ") = 0 FROM (") +
                  sql + ") AS query";
      }
      std::istringstream results(server_.Query(database_, counts));
      for (const std::string& sql : queries) {
        std::string is_good;
        std::getline(results, is_good);
        EXPECT_EQ(is_good, "t") << panel["title"] << "\n" << sql;
      }
      all += queries.size();
    }
  }
  EXPECT_GT(all, 40U);
}

TEST_F(DashboardTest, ItIsWhatTheSchemaOfGrafanaKnows) {
  const char* check = std::getenv("OLLAMA_BENCH_DASHBOARD_CHECK");
  if (check == nullptr) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << "OLLAMA_BENCH_DASHBOARD_CHECK names no program";
    GTEST_SKIP() << "OLLAMA_BENCH_DASHBOARD_CHECK names no program (./test.sh builds it)";
  }
  Program program;
  program.argv = {check, OLLAMA_BENCH_DASHBOARD};
  const Ended ended = RunProgram(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  Json broken = dashboard_;
  broken["panels"][1]["gridpos"] = Json::object();
  folder_.Write("broken.json", broken.dump());
  program.argv[1] = (folder_ / "broken.json").string();
  const Ended refused = RunProgram(program);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("unexpected field 'gridpos'"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace ollama_bench::testing
