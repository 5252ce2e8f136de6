#include "closing.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "ollama_bench/process/posix_process_runner.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

// Who waited less is still there.
constexpr std::chrono::seconds kWorthABell{10};
constexpr std::chrono::minutes kOnDoneLimit{10};

std::string ErrorLine(const SessionError& error) {
  const nlohmann::ordered_json line{{"event", "error"}, {"message", error.message}};
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

Closing::Closing(ClosingFlags flags)
    : flags_(std::move(flags)), begun_(std::chrono::steady_clock::now()) {}

void Closing::Show(const std::function<std::string()>& text,
                   const std::function<std::string()>& json) {
  if (flags_.json || !flags_.on_done.empty()) answer_ = json();
  if (flags_.json) {
    Print(stdout, "{}\n", answer_);
  } else {
    Print(stdout, "{}", text());
  }
}

ExitCode Closing::End(const Expected<ExitCode, SessionError>& outcome, const StopRequest& stop) {
  const ExitCode code = outcome ? *outcome : outcome.error().code;
  if (!outcome) PrintError(outcome.error().message);
  if (stop.Requested()) return code;
  std::fflush(stdout);
  const std::string answer = answer_.empty() ? R"({"event":"end"})" : answer_;
  RunOnDone(code, outcome ? answer : ErrorLine(outcome.error()), stop);
  const bool was_long = std::chrono::steady_clock::now() - begun_ >= kWorthABell;
  if (was_long && !flags_.quiet && CanRedraw(STDERR_FILENO)) Print(stderr, "\a");
  return code;
}

void Closing::RunOnDone(ExitCode code, const std::string& answer, const StopRequest& stop) const {
  if (flags_.on_done.empty()) return;
  PosixProcessRunner runner;
  const ProcessOutcome done =
      runner.Run({{"sh", "-c", flags_.on_done},
                  {{"OLLAMA_BENCH_EXIT_CODE", std::to_string(static_cast<int>(code))}},
                  answer + "\n",
                  kOnDoneLimit},
                 stop);
  Print(stderr, "{}{}", done.stdout_tail, done.stderr_tail);
  const bool is_well = done.end == ProcessOutcome::End::kExited && done.exit_code == 0;
  if (is_well || done.end == ProcessOutcome::End::kInterrupted) return;
  PrintWarning("--on-done: " + DescribeEnd(done));
}

}  // namespace ollama_bench
