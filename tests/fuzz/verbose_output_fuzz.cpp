// Any bytes as what a child printed: metrics in their ranges, and texts that can be shown.

#include "cli_output.h"
#include "ollama_bench/core/text.h"
#include "require.h"

namespace ollama_bench {
namespace {

void CheckMetrics(const RunMetrics& metrics) {
  for (const auto& duration : {metrics.total, metrics.load, metrics.prompt_eval, metrics.eval}) {
    Require(!duration || duration->count() >= 0);
  }
  for (const auto& count :
       {metrics.prompt_eval_count, metrics.prompt_eval_cached, metrics.eval_count}) {
    Require(!count || *count >= 0);
  }
  for (const auto& rate :
       {metrics.printed_prompt_eval_rate, metrics.printed_eval_rate, PromptEvalRate(metrics)}) {
    Require(!rate || *rate >= 0);
  }
}

}  // namespace
}  // namespace ollama_bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ollama_bench;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckMetrics(ParseVerboseOutput(text));
  Require(StripControlSequences(text).find('\x1b') == std::string::npos);
  const Failure failure = FailureFromOutput(text, "exit code 1");
  Require(Printable(failure.message, false) == failure.message);
  Require(Printable(failure.output_tail) == failure.output_tail);
  Require(failure.output_tail.size() < 20'000);
  return 0;
}
