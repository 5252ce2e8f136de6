// Preloaded into a program, moves its wall clock:
// OLLAMA_BENCH_CLOCK_JUMPS="40:-31536000,90:31536000" sets it back by a year from the 40th look on
// and forward again from the 90th. Other clocks stay.
#include <sys/syscall.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): POSIX, not C++
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace {

std::atomic<long> g_looks{0};

long OffsetNow() {
  const long look = ++g_looks;
  const char* jumps = std::getenv("OLLAMA_BENCH_CLOCK_JUMPS");
  long offset = 0;
  while (jumps != nullptr && *jumps != '\0') {
    char* end = nullptr;
    const long from = std::strtol(jumps, &end, 10);
    const long seconds = std::strtol(end + 1, &end, 10);
    if (look >= from) offset += seconds;
    jumps = *end == ',' ? end + 1 : end;
  }
  return offset;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += OffsetNow();
  return static_cast<int>(result);
}
