#pragma once

#include <optional>

namespace ollama_bench {

/// What became of a server while a visit was made, as far as its machine shows it.
struct ServerFate {
  std::optional<bool> survived;   ///< its process is the same; empty: it is not seen
  bool ended_for_memory = false;  ///< the kernel killed a process for lack of memory meanwhile
};

/// Looks at the machine of the server where a failure's words leave open what failed. Not
/// thread-safe.
class ServerWatch {
 public:
  virtual ~ServerWatch() = default;

  /// Before each visit.
  virtual void Begin() = 0;
  /// Since then.
  virtual ServerFate Look() = 0;
};

}  // namespace ollama_bench
