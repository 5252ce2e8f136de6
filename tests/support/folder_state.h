#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

namespace ollama_bench {

/// All that a program could change below a folder, by path: mode, size, inode, times of change, and
/// a hash of the bytes of each file. Equal before and after: nothing was added, removed or written.
inline std::map<std::string, std::string> FolderState(const std::filesystem::path& folder) {
  std::map<std::string, std::string> state;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat status {};
    EXPECT_EQ(lstat(entry.path().c_str(), &status), 0) << entry.path();
    std::ostringstream text;
    text << status.st_mode << ' ' << status.st_size << ' ' << status.st_ino << ' '
         << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec << ' ' << status.st_ctim.tv_sec
         << '.' << status.st_ctim.tv_nsec;
    if (entry.is_regular_file()) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      text << ' ' << std::hash<std::string>()(bytes);
    }
    state[entry.path().string()] = text.str();
  }
  return state;
}

}  // namespace ollama_bench
