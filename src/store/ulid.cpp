#include "ollama_bench/store/ulid.h"

#include <chrono>
#include <string_view>
#include <utility>

namespace ollama_bench {
namespace {

constexpr std::uint64_t kMask40 = (std::uint64_t{1} << 40) - 1;
constexpr std::uint64_t kMask48 = (std::uint64_t{1} << 48) - 1;

void AppendBase32(std::string& out, std::uint64_t value, int digits) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  for (int i = digits - 1; i >= 0; --i) out += kAlphabet[(value >> (5 * i)) & 31U];
}

std::uint64_t Milliseconds(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  return since.count() < 0 ? 0 : static_cast<std::uint64_t>(since.count()) & kMask48;
}

}  // namespace

UlidSource::UlidSource(Clock& clock, std::function<std::uint64_t()> random)
    : clock_(&clock), random_(std::move(random)) {}

std::string UlidSource::Next() {
  const std::uint64_t now = Milliseconds(clock_->WallTime());
  if (any_ && now <= milliseconds_) {
    Increment();
  } else {
    milliseconds_ = now;
    high_ = random_() & kMask40;
    low_ = random_() & kMask40;
    any_ = true;
  }
  std::string id;
  AppendBase32(id, milliseconds_, 10);
  AppendBase32(id, high_, 8);
  AppendBase32(id, low_, 8);
  return id;
}

std::int64_t UlidSource::NextLoad() {
  constexpr std::int64_t kEnd = std::int64_t{1} << 53;  // a number of JSON is exact up to here
  constexpr auto kRange = static_cast<std::uint64_t>(kEnd - kFirstUniqueLoad);
  return kFirstUniqueLoad + static_cast<std::int64_t>(random_() % kRange);
}

void UlidSource::Increment() {
  low_ = (low_ + 1) & kMask40;
  if (low_ != 0) return;
  high_ = (high_ + 1) & kMask40;
  // All 80 bits used up: borrow the next millisecond.
  if (high_ == 0) ++milliseconds_;
}

}  // namespace ollama_bench
