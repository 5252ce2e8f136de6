#include "ollama_bench/core/visit_record.h"

namespace ollama_bench {

std::optional<double> DecodeRate(const DecodeRun& run) {
  RunMetrics metrics;
  metrics.eval_count = run.eval_count;
  metrics.eval = run.eval;
  return EvalRate(metrics);
}

}  // namespace ollama_bench
