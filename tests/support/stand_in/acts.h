#pragma once

#include <string>
#include <string_view>

#include "support/stand_in/script.h"

namespace ollama_bench::stand_in {

/// Writes all of `bytes` to a descriptor; what cannot be written is dropped.
void WriteAll(int descriptor, std::string_view bytes);

/// Plays those parts of a rule's "do" that concern a process, in the order script.h gives. False
/// when SIGINT cut a sleep or a hang short after CatchInterrupt.
bool PlayProcessActs(const Json& act);

/// From now on SIGINT only ends a sleep or a hang: `ollama run` turns it into exit 0 without any
/// output (v0.11.4/run_interrupted.exit).
void CatchInterrupt();

}  // namespace ollama_bench::stand_in
