#pragma once

#include <optional>
#include <string>

#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// Watches the machine of the server while a sample runs. Not thread-safe.
class Probe {
 public:
  virtual ~Probe() = default;

  /// What it cannot see on this machine, one line for a person; empty where it sees all.
  [[nodiscard]] virtual std::string Gap() const = 0;
  /// Right before a run.
  virtual void Begin() = 0;
  /// Right after the run: how others disturbed it. Empty where they did not, or it is not known.
  virtual std::optional<Disturbance> End() = 0;
};

}  // namespace ollama_bench
