#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/machine/load_probe.h"
#include "ollama_bench/sweep/observer.h"

namespace ollama_bench {

/// What --wait-quiet says: a time as Ollama writes it ("90s", "1h30m"), or nothing for no limit.
/// Empty where it is neither.
std::optional<std::chrono::nanoseconds> ParseQuietLimit(const std::string& text);
/// For the command line: why `text` is none; empty where it is one.
std::string CheckQuietLimit(const std::string& text);

/// Waits until other programs have left the CPUs alone for some seconds, the limit has passed or a
/// stop is requested. `limit` 0 is none. Notifies `observer` of what it waits for and for how long.
void WaitUntilQuiet(IdleLoad& load, std::chrono::nanoseconds limit, Clock& clock,
                    const StopRequest& stop, Observer& observer);

}  // namespace ollama_bench
