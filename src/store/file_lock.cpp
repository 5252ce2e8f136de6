#include "ollama_bench/store/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/core/unique_fd.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr int kOpenFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

StoreError IoFailure(std::string_view step, const fs::path& path) {
  return {StoreError::Kind::kIo, fmt::format("cannot {} the lock {}: {}", step, path.string(),
                                             std::generic_category().message(errno))};
}

// An existing file is opened without O_CREAT: in a sticky folder the kernel may refuse to create
// over another user's file although it may be opened. A file that may only be read can be locked as
// well.
UniqueFd OpenLockFile(const fs::path& path, bool for_all_users) {
  constexpr int kTurns = 3;  // the file can come and go between the calls
  for (int i = 0; i < kTurns; ++i) {
    UniqueFd fd(open(path.c_str(), O_RDWR | kOpenFlags));
    if (!fd.valid() && (errno == EACCES || errno == EPERM || errno == EROFS)) {
      fd = UniqueFd(open(path.c_str(), O_RDONLY | kOpenFlags));
    }
    if (fd.valid() || errno != ENOENT) return fd;
    fd = UniqueFd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | kOpenFlags, 0666));
    // Beyond the umask, so that the next user can write down that he holds it.
    if (fd.valid() && for_all_users) fchmod(fd.get(), 0666);
    if (fd.valid() || errno != EEXIST) return fd;
  }
  return UniqueFd();
}

bool IsRegular(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return false;
  if (S_ISREG(info.st_mode)) return true;
  errno = ENOTSUP;
  return false;
}

// Whether `path` still names the open file; somebody may have removed it before it was locked.
bool IsStillThere(int fd, const fs::path& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(fd, &opened) == 0 && lstat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

void WriteHolder(int fd, Clock& clock) {
  const std::string text = fmt::format("{} {}\n", getpid(), FormatTimestamp(clock.WallTime()));
  // Without room for it, or without the right to write, the holder stays unnamed but locked it is.
  if (ftruncate(fd, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = pwrite(fd, text.data(), text.size(), 0);
}

std::string ReadHolderText(int fd) {
  std::array<char, 128> buffer{};
  const ssize_t count = pread(fd, buffer.data(), buffer.size(), 0);
  return {buffer.data(), static_cast<std::size_t>(count > 0 ? count : 0)};
}

// Nothing, or one line that begins with a process id: what WriteHolder leaves. A file of this name
// that somebody made for something else must not be emptied.
bool IsLockFile(int fd) {
  const std::string text = ReadHolderText(fd);
  if (text.empty()) return true;
  const std::size_t after = text.find_first_not_of("0123456789");
  const bool has_id = after != 0 && (after == std::string::npos || text[after] == ' ');
  return has_id && text.find('\n') == text.size() - 1;
}

LockHolder ParseHolder(std::string_view text) {
  LockHolder holder;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), holder.pid);
  // A process that is gone, or of another container, left its name but is not the holder.
  const bool alive =
      error == std::errc() && holder.pid > 0 && (kill(holder.pid, 0) == 0 || errno == EPERM);
  if (!alive) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  holder.since = Printable(text.substr(0, text.find('\n')), false);
  return holder;
}

// "is in use by process 1234 since …".
std::string Describe(const LockHolder& holder) {
  if (holder.pid == 0) return "another process";
  if (holder.since.empty()) return fmt::format("process {}", holder.pid);
  return fmt::format("process {} since {}", holder.pid, LocalTime(holder.since));
}

// WhoHolds asks by taking a shared lock for an instant; that must not look like a holder.
bool TakeExclusively(int fd) {
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  errno = EWOULDBLOCK;
  return false;
}

fs::path StoreLockPath(const fs::path& store, Expected<fs::path, IoError>& target) {
  target = PosixFileSystem().ResolveLinks(store);
  fs::path lock = target.value_or(store);
  lock += ".lock";
  return lock;
}

// A file name for a machine: readable, and different for different ones.
std::string MachineLockName(std::string_view machine) {
  const std::string host = Lower(machine);
  const bool own = host.empty() || host == "localhost" || host == "0.0.0.0" || host == "::" ||
                   host == "::1" || host.starts_with("127.");
  const std::string key = own ? "localhost" : host;
  constexpr std::size_t kReadable = 80;
  std::string name = key.substr(0, kReadable);
  for (char& c : name) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!safe) c = '_';
  }
  std::uint32_t hash = 2166136261U;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("ollama-bench-{}-{:08x}.lock", name, hash);
}

}  // namespace

/// Makes the locks of both kinds; they differ in their file and in what is said of a holder.
class FileLockMaker {
 public:
  static Expected<FileLock, StoreError> Take(const fs::path& path, Clock& clock, bool for_all_users,
                                             std::string_view subject, std::string_view remedy,
                                             std::string_view option) {
    constexpr int kTurns = 10;
    for (int i = 0; i < kTurns; ++i) {
      UniqueFd fd = OpenLockFile(path, for_all_users);
      if (!fd.valid()) return Unexpected<StoreError>(IoFailure("open", path));
      if (!IsRegular(fd.get())) return Unexpected<StoreError>(IoFailure("use", path));
      if (!TakeExclusively(fd.get())) {
        if (errno != EWOULDBLOCK) return Unexpected<StoreError>(IoFailure("take", path));
        const LockHolder holder = ParseHolder(ReadHolderText(fd.get()));
        return Unexpected<StoreError>(
            {StoreError::Kind::kLocked,
             fmt::format("{} is in use by {}; {}", subject, Describe(holder), remedy)});
      }
      if (!IsStillThere(fd.get(), path)) continue;
      if (!IsLockFile(fd.get())) {
        return Unexpected<StoreError>(
            {StoreError::Kind::kDamaged,
             fmt::format("{} is needed for a lock, but holds something else and is not "
                         "overwritten; move it away or give another {}",
                         path.string(), option)});
      }
      WriteHolder(fd.get(), clock);
      return FileLock(fd.release(), getpid());
    }
    errno = ESTALE;
    return Unexpected<StoreError>(IoFailure("take", path));
  }
};

FileLock::FileLock(FileLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), owner_(other.owner_) {}

FileLock::~FileLock() {
  if (fd_ < 0) return;
  if (getpid() == owner_) {
    [[maybe_unused]] const int emptied = ftruncate(fd_, 0);
  }
  close(fd_);
}

Expected<FileLock, StoreError> LockStore(const fs::path& store, Clock& clock,
                                         std::string_view option) {
  Expected<fs::path, IoError> target;
  const fs::path lock = StoreLockPath(store, target);
  if (!target) return Unexpected<StoreError>({StoreError::Kind::kIo, target.error().message});
  return FileLockMaker::Take(lock, clock, /*for_all_users=*/false, store.string(),
                             fmt::format("stop it or give another {}", option), option);
}

Expected<FileLock, StoreError> LockMachine(std::string_view machine, Clock& clock,
                                           const fs::path& folder) {
  return FileLockMaker::Take(folder / MachineLockName(machine), clock, /*for_all_users=*/true,
                             fmt::format("the machine {}", Printable(machine, false)),
                             "two measurements on one machine would disturb each other: wait or "
                             "stop it",
                             "machine");
}

Expected<std::optional<LockHolder>, StoreError> WhoHolds(const fs::path& store) {
  Expected<fs::path, IoError> target;
  const fs::path lock = StoreLockPath(store, target);
  if (!target) return Unexpected<StoreError>({StoreError::Kind::kIo, target.error().message});
  const UniqueFd fd(open(lock.c_str(), O_RDONLY | kOpenFlags));
  if (!fd.valid() && errno == ENOENT) return std::nullopt;
  if (!fd.valid()) return Unexpected<StoreError>(IoFailure("open", lock));
  if (flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  if (errno != EWOULDBLOCK) return Unexpected<StoreError>(IoFailure("ask", lock));
  return ParseHolder(ReadHolderText(fd.get()));
}

}  // namespace ollama_bench
