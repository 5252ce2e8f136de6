#include "amd_gpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include "system_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

struct Card {
  int number = 0;  // as in "card0"
  fs::path device;
  fs::path sensors;  // empty where there are none
};

std::optional<Card> CardOf(const fs::path& folder) {
  constexpr std::string_view kPrefix = "card";
  constexpr std::string_view kAmd = "0x1002";
  const std::string name = folder.filename().string();
  if (!name.starts_with(kPrefix)) return std::nullopt;
  Card card;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + kPrefix.size(), end, card.number);
  if (error != std::errc() || rest != end) return std::nullopt;  // "card0-DP-1" is a screen
  card.device = folder / "device";
  if (FirstLine(card.device / "vendor") != kAmd) return std::nullopt;
  std::error_code unreadable;
  for (const auto& sensors : fs::directory_iterator(card.device / "hwmon", unreadable)) {
    card.sensors = sensors.path();
  }
  return card;
}

class AmdGpus : public GpuSource {
 public:
  explicit AmdGpus(std::vector<Card> cards) : cards_(std::move(cards)) {
    for (const Card& card : cards_) {
      std::string name = FirstLine(card.device / "product_name");
      if (name.empty()) name = fmt::format("AMD GPU {}", FirstLine(card.device / "device"));
      names_.push_back(std::move(name));
    }
  }

  [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }

  std::vector<GpuState> Read() override {
    std::vector<GpuState> states;
    for (std::size_t i = 0; i < cards_.size(); ++i) {
      const Card& card = cards_[i];
      GpuReading& reading = states.emplace_back().reading;
      reading.index = static_cast<int>(i);
      reading.use = Scaled(card.device / "gpu_busy_percent", 1e-2);
      reading.memory_bytes = NumberIn(card.device / "mem_info_vram_used");
      reading.clock_mhz = ChosenMegahertz(Contents(card.device / "pp_dpm_sclk"));
      if (card.sensors.empty()) continue;
      reading.power_w = Scaled(card.sensors / "power1_average", 1e-6);
      if (!reading.power_w) reading.power_w = Scaled(card.sensors / "power1_input", 1e-6);
      reading.temperature_c = Scaled(card.sensors / "temp1_input", 1e-3);
    }
    return states;
  }

 private:
  static std::optional<double> Scaled(const fs::path& file, double unit) {
    const auto number = NumberIn(file);
    return number ? std::optional(static_cast<double>(*number) * unit) : std::nullopt;
  }

  std::vector<Card> cards_;
  std::vector<std::string> names_;
};

}  // namespace

std::optional<double> ChosenMegahertz(std::string_view states) {
  while (!states.empty()) {
    const std::string_view line = states.substr(0, states.find('\n'));
    states.remove_prefix(std::min(states.size(), line.size() + 1));
    const auto colon = line.find(": ");
    if (line.find('*') == std::string_view::npos || colon == std::string_view::npos) continue;
    const std::string_view value = line.substr(colon + 2);
    int megahertz = 0;
    const auto [rest, error] =
        std::from_chars(value.data(), value.data() + value.size(), megahertz);
    if (error != std::errc() ||
        value.substr(static_cast<std::size_t>(rest - value.data()), 3) != "Mhz")
      return std::nullopt;
    return megahertz;
  }
  return std::nullopt;
}

std::unique_ptr<GpuSource> FindAmdGpus(const fs::path& sysfs) {
  std::vector<Card> cards;
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(sysfs / "class/drm", error)) {
    if (auto card = CardOf(folder.path())) cards.push_back(std::move(*card));
  }
  if (cards.empty()) return nullptr;
  std::sort(cards.begin(), cards.end(),
            [](const Card& a, const Card& b) { return a.number < b.number; });
  return std::make_unique<AmdGpus>(std::move(cards));
}

}  // namespace ollama_bench
