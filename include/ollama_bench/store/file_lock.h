#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

struct LockHolder {
  int pid = 0;        ///< 0: not known
  std::string since;  ///< as FormatTimestamp writes it; empty: not known
};

/// A lock between processes, held by flock(2) on a file of its own and so given back by the kernel
/// however the process ends. The file stays when the lock is released: removing it could leave two
/// holders, one of the removed file and one of a new one. It is not inherited by programs that are
/// started. Two locks of the same file exclude each other within one process, too.
class FileLock {
 public:
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  friend class FileLockMaker;
  FileLock(int fd, int owner) : fd_(fd), owner_(owner) {}

  int fd_;
  int owner_;  ///< the process that took it; a forked copy leaves the holder's name alone
};

/// The lock that writing to the store at `store` needs: "….lock" beside it, beside the target if it
/// is a link. Errors: kLocked, naming the holder; kDamaged, where a file of that name holds
/// something else; kIo. `option` names another store in their messages.
Expected<FileLock, StoreError> LockStore(const std::filesystem::path& store, Clock& clock,
                                         std::string_view option = "--results");

/// The lock that measuring on a machine needs, one for each `machine` (a host; all names of this
/// one are one): a file in `folder`, shared by all users of this machine. kLocked, kIo.
Expected<FileLock, StoreError> LockMachine(std::string_view machine, Clock& clock,
                                           const std::filesystem::path& folder);

/// Who holds the store's lock, or nobody. Neither waits nor makes a start of another run fail.
Expected<std::optional<LockHolder>, StoreError> WhoHolds(const std::filesystem::path& store);

}  // namespace ollama_bench
