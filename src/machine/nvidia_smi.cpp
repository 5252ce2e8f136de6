#include "nvidia_smi.h"

#include <fmt/format.h>

#include <sstream>

#include "ollama_bench/core/text.h"
#include "ollama_bench/process/find_program.h"

namespace ollama_bench {
namespace {

// A machine with many cards and no persistence daemon takes seconds.
constexpr std::chrono::milliseconds kTimeout{10'000};

std::vector<std::string> Values(const std::string& line) {
  std::vector<std::string> values;
  std::istringstream in(line);
  for (std::string value; std::getline(in, value, ',');) {
    const auto begin = value.find_first_not_of(' ');
    values.push_back(begin == std::string::npos ? std::string()
                                                : Printable(value.substr(begin), false));
  }
  return values;
}

}  // namespace

std::vector<std::vector<std::string>> AskNvidiaSmi(const std::vector<std::string>& fields,
                                                   ProcessRunner& runner, const StopRequest& stop) {
  const auto tool = FindProgram("nvidia-smi");
  if (!tool) return {};
  const std::string query = fmt::format("--query-gpu={}", fmt::join(fields, ","));
  const ProcessOutcome outcome = runner.Run(
      {{tool->string(), query, "--format=csv,noheader,nounits"}, {}, {}, kTimeout}, stop);
  if (outcome.end != ProcessOutcome::End::kExited || outcome.exit_code != 0) return {};
  std::vector<std::vector<std::string>> cards;
  std::istringstream lines(outcome.stdout_tail);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> values = Values(line);
    if (values.size() == fields.size()) cards.push_back(std::move(values));
  }
  return cards;
}

}  // namespace ollama_bench
