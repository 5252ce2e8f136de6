#include "ollama_bench/workload/driver.h"

#include <fmt/format.h>

#include "ollama_bench/core/stratum.h"

namespace ollama_bench {

Expected<RunReport, Failure> Driver::RunWindow(const WindowPlan& /*plan*/, PromptFeed& /*feed*/) {
  return Unexpected<Failure>(
      Failure{FailureKind::kUnknown,
              fmt::format("the {} driver sends one request at a time; measure load with --driver "
                          "api",
                          name()),
              {},
              1});
}

ServerFacts FactsFor(const ServerFacts& facts, const Cell& cell) {
  ServerFacts found = facts;
  for (const SubjectFacts& each : facts.subjects) {
    if (each.subject != SubjectOf(cell)) continue;
    found.ollama_version = each.ollama_version;
    found.model_digest = each.model_digest;
    found.trained_context = each.trained_context;
    found.layers = each.layers;
    found.has_vision = each.has_vision;
    found.lacks_flash_attention = each.lacks_flash_attention;
    break;
  }
  return found;
}

}  // namespace ollama_bench
