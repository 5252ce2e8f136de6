#include "ollama_bench/plan/prompt_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace ollama_bench {
namespace {

constexpr std::int64_t kShortestPrompt = 16;
constexpr std::int64_t kUsualPrompt = 512;
constexpr std::int64_t kRoomForTemplate = 64;
// With a long prompt, the last line of the stream, which lists every token, overflows the client's
// buffer (8 MB in newer releases).
constexpr std::int64_t kMetricsLostFrom = 75'000;

// Where the server chooses it.
constexpr int kUsualContext = 4096;

int Smallest(const std::vector<int>& values) {
  return *std::min_element(values.begin(), values.end());
}
int Largest(const std::vector<int>& values) {
  return *std::max_element(values.begin(), values.end());
}

std::vector<int> ValuesOr(const Space& space, Parameter parameter, int usual) {
  const std::vector<int>& values = space.ValuesOf(parameter);
  return values.empty() ? std::vector<int>{usual} : values;
}

// "num_ctx 1024 to 3072 (2 of 5 values)": the values at one end of a sorted axis.
template <class Affected>
std::string DescribeAffected(const Space& space, Parameter parameter, Affected affected) {
  const std::vector<int>& values = space.ValuesOf(parameter);
  std::vector<int> part;
  std::copy_if(values.begin(), values.end(), std::back_inserter(part), affected);
  if (part.empty()) return {};
  const std::string_view name = KeyOf(parameter);
  const std::string count = fmt::format("({} of {} values)", part.size(), values.size());
  if (part.size() == 1) return fmt::format("{} {} {}", name, part.front(), count);
  return fmt::format("{} {} to {} {}", name, Smallest(part), Largest(part), count);
}

std::string ShortPrompt(const PromptFacts& facts) {
  if (facts.is_usual_prompt) {
    return fmt::format(
        "the smallest num_ctx has room for a prompt of {} tokens, less than one batch; use larger "
        "contexts or smaller batches",
        facts.prompt_tokens);
  }
  return fmt::format(
      "the prompt has {} tokens, less than two batches; use a longer prompt or smaller batches",
      facts.prompt_tokens);
}

}  // namespace

int BuiltInPromptTokens(const Space& space, int num_predict) {
  const int batch = Largest(ValuesOr(space, Parameter::kNumBatch, kUsualBatch));
  const int context = Smallest(ValuesOr(space, Parameter::kNumCtx, kUsualContext));
  const std::int64_t wanted = std::max(kUsualPrompt, 2 * std::int64_t{batch});
  const std::int64_t room = context - num_predict - kRoomForTemplate;
  return static_cast<int>(std::max(kShortestPrompt, std::min(room, wanted)));
}

std::vector<PlanWarning> PlanWarnings(const Space& space, const PromptFacts& facts) {
  using Kind = PlanWarning::Kind;
  const std::int64_t tokens = facts.prompt_tokens;
  std::vector<PlanWarning> warnings;
  const auto add = [&warnings](Kind kind, const std::string& cells, const std::string& text) {
    if (!cells.empty()) warnings.push_back({kind, cells + text});
  };
  add(Kind::kBatchWithoutEffect,
      DescribeAffected(space, Parameter::kNumBatch,
                       [&facts, tokens](std::int64_t batch) {
                         const std::int64_t wanted = facts.is_usual_prompt ? batch : 2 * batch;
                         return facts.measures_prompt && tokens < wanted;
                       }),
      fmt::format(" cannot show its full effect: {}", ShortPrompt(facts)));
  if (facts.largest_batch) {
    add(Kind::kBatchAboveCap,
        DescribeAffected(space, Parameter::kNumBatch,
                         [cap = *facts.largest_batch](int batch) { return batch > cap; }),
        fmt::format(" acts as {0} with models of the llama family on this release of Ollama; leave "
                    "batches above {0} out, or update Ollama",
                    *facts.largest_batch));
  }
  add(Kind::kPromptDoesNotFit,
      DescribeAffected(
          space, Parameter::kNumCtx,
          [&facts, tokens](std::int64_t ctx) { return tokens + facts.num_predict >= ctx; }),
      fmt::format(" cannot hold {} prompt tokens and {} generated ones: the prompt would be cut; "
                  "use a shorter prompt or larger contexts",
                  tokens, facts.num_predict));
  if (facts.trained_context) {
    const std::int64_t trained = *facts.trained_context;
    add(Kind::kAboveTrainedContext,
        DescribeAffected(space, Parameter::kNumCtx,
                         [trained](std::int64_t ctx) { return ctx > trained; }),
        fmt::format(" is above the {0} tokens that the model was trained for: the server uses {0} "
                    "instead; end the range there",
                    trained));
  }
  if (facts.command_line_driver && tokens >= kMetricsLostFrom) {
    add(Kind::kMetricsLost, fmt::format("a prompt of {} tokens", tokens),
        fmt::format(" is so long that `ollama run` may print no metrics (from about {} tokens on); "
                    "use a shorter prompt",
                    kMetricsLostFrom));
  }
  return warnings;
}

}  // namespace ollama_bench
