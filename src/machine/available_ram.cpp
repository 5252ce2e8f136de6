#include "available_ram.h"

#include <fstream>
#include <sstream>
#include <string>

namespace ollama_bench {

std::optional<std::int64_t> AvailableRam() {
  std::ifstream in("/proc/meminfo");
  std::string key;
  std::int64_t kibibytes = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    if (words >> key >> kibibytes && key == "MemAvailable:") return kibibytes * 1024;
  }
  return std::nullopt;
}

}  // namespace ollama_bench
