#include "system_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "ollama_bench/core/unique_fd.h"

namespace ollama_bench {

std::string Contents(const std::filesystem::path& file) {
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (fd.get() < 0) return text;
  std::array<char, 16384> piece{};
  for (ssize_t got = 0; (got = read(fd.get(), piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace ollama_bench
