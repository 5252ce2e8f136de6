#include "ollama_bench/workload/driver.h"

#include <fmt/format.h>

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

}  // namespace ollama_bench
