#pragma once

namespace ollama_bench {

/// The whole program: parses the command line, runs the command, returns the exit code. Dies of the
/// signal when one asked it to stop.
int RunProgram(int argc, char** argv);

}  // namespace ollama_bench
