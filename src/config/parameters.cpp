#include "ollama_bench/config/parameters.h"

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

// Far above any model, and the difference of any two fits into an int.
constexpr int kMostTokens = 1 << 30;
constexpr int kMostPromptTokens = 4'000'000;
constexpr int kMostTimeout = 7 * 24 * 3600;

using Overrides = ConfigOverrides;

constexpr std::array kParameters = {
    Parameter{"model", "--model", &Overrides::model, "base model; it must exist on the server",
              "qwen3:4b"},
    Parameter{"modelfile", "--modelfile", &Overrides::modelfile,
              "Modelfile to take instead of a model", "./Modelfile"},
    Parameter{"num_ctx", "--ctx", &Overrides::ctx, "num_ctx values, separated by commas",
              "4096,8192", 1, kMostTokens},
    Parameter{"num_ctx.start", "--ctx-start", &Overrides::ctx_start, "first num_ctx of a range",
              "8192", 1, kMostTokens},
    Parameter{"num_ctx.end", "--ctx-end", &Overrides::ctx_end,
              "end of the num_ctx range, included when a step hits it", "102400", 1, kMostTokens},
    Parameter{"num_ctx.step", "--ctx-step", &Overrides::ctx_step, "step of the num_ctx range",
              "2048", 1, kMostTokens},
    Parameter{"num_batch", "--batch", &Overrides::batch, "num_batch values, separated by commas",
              "128,512", 1, kMostTokens},
    Parameter{"num_batch.start", "--batch-start", &Overrides::batch_start,
              "first num_batch of a range", "128", 1, kMostTokens},
    Parameter{"num_batch.end", "--batch-end", &Overrides::batch_end,
              "end of the num_batch range, included when a step hits it", "2048", 1, kMostTokens},
    Parameter{"num_batch.step", "--batch-step", &Overrides::batch_step,
              "step of the num_batch range", "128", 1, kMostTokens},
    Parameter{"prompt_file", "--prompt-file", &Overrides::prompt_file, "file that holds the prompt",
              "./prompt.txt"},
    Parameter{"prompt", "--prompt", &Overrides::prompt, "the prompt itself", "\"some long text\""},
    Parameter{"prompt_tokens", "--prompt-tokens", &Overrides::prompt_tokens,
              "length of the built-in prompt, in tokens", "2048", 1, kMostPromptTokens},
    Parameter{"num_predict", "--num-predict", &Overrides::num_predict,
              "tokens to generate in each run", "2", 1, 100'000},
    Parameter{"repetitions", "--repetitions", &Overrides::repetitions,
              "counted runs of each cell, or auto", "auto", 1, 1'000, "auto"},
    Parameter{"extra", "--extra", &Overrides::extra,
              "loads after the pass, at most, that decide between the best cells; 0: none", "27", 0,
              10'000},
    Parameter{"confirm",
              "--confirm",
              &Overrides::confirm,
              "six extra loads for each of these",
              "3",
              0,
              10,
              {},
              /*is_hidden=*/true},
    Parameter{"timeout_s", "--timeout", &Overrides::timeout_s,
              "seconds that one create, and one run, may take", "360", 1, kMostTimeout},
};

}  // namespace

std::span<const Parameter> AllParameters() {
  return kParameters;
}

const Parameter& ParameterOf(std::string_view key) {
  return *std::find_if(kParameters.begin(), kParameters.end(),
                       [key](const Parameter& parameter) { return parameter.key == key; });
}

}  // namespace ollama_bench
