#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "support/run_program.h"

namespace ollama_bench::testing {

/// A program on a pseudo-terminal of its own, leader of its session. Killed by the destructor where
/// it has not ended.
class TerminalProgram {
 public:
  explicit TerminalProgram(const Program& program, unsigned short columns = 80);
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  void Signal(int signal) const;
  /// As if typed: "\x03" is Ctrl+C, "\x1a" Ctrl+Z.
  void Type(std::string_view keys) const;
  void Resize(unsigned short columns) const;
  /// The terminal is gone, as when its window is closed or the connection breaks.
  void HangUp();

  /// Reads until the output holds `text` at or behind `from`; false when the program ends or its
  /// deadline passes first.
  bool WaitForOutput(std::string_view text, std::size_t from = 0);
  [[nodiscard]] const std::string& output() const { return result_.out; }
  /// Reads until it ends; `out` holds all that it wrote to the terminal.
  Ended Wait();

 private:
  void Read();
  bool Reap();

  pid_t pid_ = -1;
  int master_ = -1;
  std::chrono::steady_clock::time_point deadline_;
  bool ended_ = false;
  Ended result_;
};

}  // namespace ollama_bench::testing
