#pragma once

#include <string>

namespace ollama_bench {

/// A time as FormatTimestamp writes it, for a person: where this machine is, with the offset
/// ("2026-11-27T18:33:28+01:00"). Any other text stays as it is.
std::string LocalTime(const std::string& timestamp);

}  // namespace ollama_bench
