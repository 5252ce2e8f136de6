#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "ollama_bench/session/sweep_plan.h"

namespace ollama_bench {

/// For a person.
std::string PlanText(const SweepPlan& plan, const std::filesystem::path& results,
                     std::size_t width);
/// For programs: one JSON object.
std::string PlanJson(const SweepPlan& plan, const std::filesystem::path& results);

}  // namespace ollama_bench
