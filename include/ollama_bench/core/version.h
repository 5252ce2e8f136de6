#pragma once

namespace ollama_bench {

/// The program's version, as CMake has it.
inline constexpr const char* kVersion = OLLAMA_BENCH_VERSION;

}  // namespace ollama_bench
