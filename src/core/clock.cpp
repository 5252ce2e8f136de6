#include "ollama_bench/core/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>

namespace ollama_bench {

std::string FormatTimestamp(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

using std::chrono::steady_clock;

steady_clock::time_point SystemClock::Now() {
  return steady_clock::now();
}

std::chrono::system_clock::time_point SystemClock::WallTime() {
  return std::chrono::system_clock::now();
}

void SystemClock::Sleep(std::chrono::milliseconds duration, const StopRequest& stop) {
  const auto until = steady_clock::now() + duration;
  while (!stop.Requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) return;
    pollfd wake{stop.wake_fd(), POLLIN, 0};
    poll(&wake, 1, static_cast<int>(left.count()));
  }
}

std::string TimestampOfUnixTime(double seconds) {
  constexpr double kLatest = 253402300799;  // the end of the year 9999
  if (!(seconds > 0) || seconds > kLatest) return {};
  return FormatTimestamp(std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::duration<double>(seconds))));
}

std::string LocalTime(const std::string& timestamp) {
  std::tm fields{};
  const char* rest = strptime(timestamp.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  // Without an offset nobody knows whose time it is.
  if (rest == nullptr || std::string(rest) != "+00:00") return timestamp;
  const std::time_t time = timegm(&fields);
  std::tm local{};
  if (localtime_r(&time, &local) == nullptr) return timestamp;
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local);
  const long minutes = std::labs(local.tm_gmtoff) / 60;
  return fmt::format("{}{}{:02}:{:02}", std::string(text.data(), length),
                     local.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

namespace {

// Takes parts off the front of a text.
class Parts {
 public:
  explicit Parts(std::string_view text) : text_(text) {}

  std::optional<int> Digits(std::size_t count) {
    int number = 0;
    if (text_.size() < count || text_.front() == '-') return std::nullopt;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + count, number);
    if (error != std::errc() || end != text_.data() + count) return std::nullopt;
    text_.remove_prefix(count);
    return number;
  }
  bool Take(char sign) {
    if (text_.empty() || text_.front() != sign) return false;
    text_.remove_prefix(1);
    return true;
  }
  double Fraction() {
    double value = 0;
    double place = 0.1;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      value += place * (text_.front() - '0');
      place /= 10;
      text_.remove_prefix(1);
    }
    return value;
  }
  [[nodiscard]] bool AtEnd() const { return text_.empty(); }

 private:
  std::string_view text_;
};

std::optional<double> Date(Parts& parts) {
  const auto year = parts.Digits(4);
  if (!year || !parts.Take('-')) return std::nullopt;
  const auto month = parts.Digits(2);
  if (!month || !parts.Take('-')) return std::nullopt;
  const auto day = parts.Digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return 86400.0 * static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
}

// Hours and minutes in seconds.
std::optional<double> HoursAndMinutes(Parts& parts) {
  const auto hours = parts.Digits(2);
  if (!hours || !parts.Take(':')) return std::nullopt;
  const auto minutes = parts.Digits(2);
  if (!minutes) return std::nullopt;
  return 3600.0 * *hours + 60.0 * *minutes;
}

std::optional<double> Offset(Parts& parts) {
  if (parts.Take('Z')) return 0.0;
  const bool is_east = parts.Take('+');
  if (!is_east && !parts.Take('-')) return std::nullopt;
  const auto offset = HoursAndMinutes(parts);
  if (!offset) return std::nullopt;
  return is_east ? *offset : -*offset;
}

}  // namespace

std::optional<double> SecondsSince1970(std::string_view text) {
  Parts parts(text);
  const auto date = Date(parts);
  if (!date || !parts.Take('T')) return std::nullopt;
  const auto time = HoursAndMinutes(parts);
  if (!time || !parts.Take(':')) return std::nullopt;
  const auto seconds = parts.Digits(2);
  if (!seconds) return std::nullopt;
  const double fraction = parts.Take('.') ? parts.Fraction() : 0.0;
  const auto offset = Offset(parts);
  if (!offset || !parts.AtEnd()) return std::nullopt;
  return *date + *time + *seconds + fraction - *offset;
}

}  // namespace ollama_bench
