// Preloaded, makes a program read its wall clock from the file named by OLLAMA_BENCH_CLOCK: eight
// bytes, nanoseconds since 1970. All other clocks stay as they are. For through_http.py.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* now_ns;

__attribute__((constructor)) static void MapClock(void) {
  const char* path = getenv("OLLAMA_BENCH_CLOCK");
  const int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void* mapped = mmap(NULL, sizeof *now_ns, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) now_ns = mapped;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  if (clock != CLOCK_REALTIME || !now_ns) return (int)syscall(SYS_clock_gettime, clock, time);
  const int64_t now = *now_ns;
  time->tv_sec = now / 1000000000;
  time->tv_nsec = now % 1000000000;
  return 0;
}
