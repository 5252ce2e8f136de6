#include "ollama_bench/cli/program.h"

int main(int argc, char** argv) {
  return ollama_bench::RunProgram(argc, argv);
}
