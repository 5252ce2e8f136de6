#pragma once

#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {

/// `ollama-bench prompts` against a stand-in of its own, in a folder of its own.
class PromptsFixture : public RunFixture {
 protected:
  /// A data set "prompts.jsonl" of so many prompts, and answers that take so long each.
  void Prepare(int prompts, int answer_ms = 0) {
    std::string text;
    for (int i = 0; i < prompts; ++i) {
      text +=
          Json{{"id", "q" + std::to_string(i)}, {"prompt", "What is " + std::to_string(i) + "?"}}
              .dump() +
          "\n";
    }
    Write("prompts.jsonl", text);
    if (answer_ms > 0) {
      Play(Json::array({Rule("http", {{"path", "/api/generate"}}, {{"sleep_ms", answer_ms}})}));
    }
  }
  [[nodiscard]] Program Prompts(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"prompts",   "--model",          "smollm2",
                                          "--input",   "prompts.jsonl",    "--output",
                                          "out.jsonl", "--max-new-tokens", "4"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }
  [[nodiscard]] std::string Text(const std::string& name) const {
    std::ifstream in(server_.folder() / name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::vector<Json> Records(const std::string& name = "out.jsonl") const {
    std::vector<Json> records;
    std::istringstream lines(Text(name));
    for (std::string line; std::getline(lines, line);) {
      records.push_back(Json::parse(line, nullptr, false));
    }
    return records;
  }
  /// The ids that are answered; fails the test where one is there twice.
  [[nodiscard]] std::set<std::string> Answered(const std::string& name = "out.jsonl") const {
    std::set<std::string> ids;
    for (const Json& record : Records(name)) {
      EXPECT_TRUE(record.is_object());
      if (!record.is_object() || !record["failure"].is_null()) continue;
      EXPECT_TRUE(ids.insert(record["id"]).second) << "twice: " << record["id"];
    }
    return ids;
  }
  /// The ids that the events of a --json run report as answered.
  static std::set<std::string> Reported(const std::string& out) {
    std::set<std::string> ids;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      const Json event = Json::parse(line, nullptr, false);
      if (event.is_object() && event["event"] == "request" && event["failure"].is_null()) {
        ids.insert(event["id"]);
      }
    }
    return ids;
  }
  [[nodiscard]] int Asked() const {
    int asked = 0;
    for (const Json& call : server_.Calls()) asked += call.contains("prompt") ? 1 : 0;
    return asked;
  }
  static bool Holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
};

}  // namespace ollama_bench::testing
