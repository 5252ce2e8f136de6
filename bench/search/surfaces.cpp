#include "search/surfaces.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

constexpr std::array<std::string_view, kFamilies> kNames = {
    "F1 two plateaus",  "F2 smooth",         "F3 CPU offload", "F4 unequal GPUs", "F5 ridges",
    "F6 kernel switch", "F7 edge of memory", "F8 two islands", "F9 failing band"};

Grid StandardGrid() {
  Grid grid;
  for (int i = 0; i < 47; ++i) grid.across.values.push_back(16384 + 2048 * i);
  for (int i = 1; i <= 17; ++i) grid.down.values.push_back(128 * i);
  return grid;
}

double LogUniform(Random& random, double low, double high) {
  return std::exp(random.Uniform(std::log(low), std::log(high)));
}

/// The parts that the families share, in tokens.
struct Base {
  Grid grid = StandardGrid();
  double rate;
  double batch0;
  double length;
  std::vector<double> need;  ///< by cell, scaled so that the grid's is about 1 wide

  explicit Base(Random& random, double batch_share_low = 0.1, double batch_share_high = 2.0)
      : rate(LogUniform(random, 60, 900)),
        batch0(LogUniform(random, 40, 400)),
        length(LogUniform(random, 1e5, 8e5)) {
    const double batch_share = LogUniform(random, batch_share_low, batch_share_high);
    const double both_share = LogUniform(random, 0.02, 1.0);
    for (const int c : grid.across.values) {
      for (const int b : grid.down.values) {
        const double x = c / 110592.0;
        const double y = b / 2176.0;
        need.push_back(x + batch_share * y + both_share * x * y);
      }
    }
  }
  [[nodiscard]] double Saturation(int b) const { return b / (b + batch0); }
  [[nodiscard]] double Decay(int c) const { return 1.0 / (1.0 + c / length); }
  [[nodiscard]] double Quantile(double share) const {
    std::vector<double> sorted = need;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  }
  [[nodiscard]] double Range() const {
    const auto [least, most] = std::minmax_element(need.begin(), need.end());
    return *most - *least;
  }
};

/// Fills the surface from rate(c, b, need, cell).
template <class Rate>
Surface Fill(const Base& base, Rate rate) {
  Surface surface;
  surface.grid = base.grid;
  std::size_t cell = 0;
  for (const int c : base.grid.across.values) {
    for (const int b : base.grid.down.values) {
      surface.rate.push_back(rate(c, b, base.need[cell]));
      ++cell;
    }
  }
  surface.cpu_share.assign(surface.rate.size(), 0.0);
  return surface;
}

Surface TwoPlateaus(Random& random) {
  const Base base(random);
  const double limit = base.Quantile(random.Uniform(0.1, 0.9));
  const bool reverse = random.Uniform() < 0.3;
  const double tilt_c = random.Uniform(-0.01, 0.01);
  const double tilt_b = random.Uniform(-0.01, 0.01);
  return Fill(base, [&](int c, int b, double need) {
    const double tilt = 1.0 + tilt_c * c / 110592.0 + tilt_b * b / 2176.0;
    return ((need <= limit) != reverse ? 121.0 : 84.0) * tilt;
  });
}

Surface Smooth(Random& random) {
  const Base base(random);
  return Fill(base,
              [&](int c, int b, double) { return base.rate * base.Saturation(b) * base.Decay(c); });
}

/// Layers on the CPU for what a cell needs beyond `limit`.
struct Offload {
  double limit;
  double width;
  double layers;
  double slowness;
  Offload(Random& random, const Base& base, double at)
      : limit(at),
        width(base.Range() / random.Uniform(8.0, 30.0)),
        layers(std::floor(random.Uniform(20.0, 60.0))),
        slowness(LogUniform(random, 4.0, 30.0)) {}
  [[nodiscard]] double Share(double need) const {
    if (need <= limit) return 0.0;
    return std::min(1.0, std::ceil((need - limit) / width) / layers);
  }
  [[nodiscard]] double Factor(double need) const {
    const double share = Share(need);
    return share == 0.0 ? 1.0 : 0.85 / ((1.0 - share) + slowness * share);
  }
};

void AddShares(Surface& surface, const Base& base, const Offload& offload) {
  for (std::size_t i = 0; i < base.need.size(); ++i) {
    if (surface.rate[i] > 0.0) surface.cpu_share[i] = offload.Share(base.need[i]);
  }
}

Surface CpuOffload(Random& random) {
  const Base base(random);
  const Offload offload(random, base, base.Quantile(random.Uniform(0.1, 0.9)));
  Surface surface = Fill(base, [&](int, int b, double need) {
    return base.rate * base.Saturation(b) * offload.Factor(need);
  });
  AddShares(surface, base, offload);
  return surface;
}

Surface UnequalGpus(Random& random) {
  const Base base(random);
  std::array<double, 5> speed{};
  std::array<double, 5> capacity{};
  for (double& s : speed) s = random.Uniform(0.4, 1.0);
  for (double& c : capacity) c = random.Uniform(0.5, 1.5);
  std::sort(speed.rbegin(), speed.rend());
  const double total = std::accumulate(capacity.begin(), capacity.end(), 0.0);
  const double limit = base.Quantile(random.Uniform(0.5, 0.9)) * random.Uniform(1.0, 1.3);
  return Fill(base, [&](int c, int b, double need) {
    double held = 0.0;
    double inverse = 0.0;
    int used = 0;
    while (used < 5 && held < need) {
      held += capacity[static_cast<std::size_t>(used)] / total * limit;
      inverse += 1.0 / speed[static_cast<std::size_t>(used)];
      ++used;
    }
    const double spill = held < need ? 0.45 : 1.0;
    return base.rate * base.Saturation(b) * base.Decay(c) * used / inverse *
           std::pow(0.985, used - 1) * spill;
  });
}

Surface Ridges(Random& random) {
  const Base base(random);
  const double at_512 = random.Uniform(0.01, 0.06);
  const double at_256 = random.Uniform(0.01, 0.06);
  const double at_8192 = random.Uniform(0.01, 0.06);
  return Fill(base, [&](int c, int b, double) {
    return base.rate * base.Saturation(b) * base.Decay(c) * (b % 512 == 0 ? 1.0 + at_512 : 1.0) *
           (b % 256 == 0 ? 1.0 + at_256 : 1.0) * (c % 8192 == 0 ? 1.0 + at_8192 : 1.0);
  });
}

Surface KernelSwitch(Random& random) {
  const Base base(random);
  const double factor = random.Uniform(0.3, 0.8);
  const bool inverse = random.Uniform() < 0.5;
  const int from = 128 * static_cast<int>(2 + random.Below(14));
  return Fill(base, [&](int c, int b, double) {
    return base.rate * base.Saturation(b) * base.Decay(c) * ((b >= from) != inverse ? factor : 1.0);
  });
}

Surface FailingBand(Random& random) {
  const Base base(random);
  const double first = random.Uniform(0.1, 0.7);
  const double limit = base.Quantile(first);
  const double loads = base.Quantile(random.Uniform(first + 0.05, 0.9));
  const Offload offload(random, base, limit);
  Surface surface = Fill(base, [&](int c, int b, double need) {
    if (need > limit && need <= loads) return 0.0;
    return base.rate * base.Saturation(b) * base.Decay(c) * offload.Factor(need);
  });
  AddShares(surface, base, offload);
  return surface;
}

bool BestIsAtEdge(const Surface& surface) {
  const auto best = static_cast<std::size_t>(
      std::max_element(surface.rate.begin(), surface.rate.end()) - surface.rate.begin());
  const std::size_t batches = surface.grid.down.values.size();
  const bool above = best % batches + 1 < batches && surface.rate[best + 1] == 0.0;
  const bool right = best + batches < surface.rate.size() && surface.rate[best + batches] == 0.0;
  return above || right;
}

Surface EdgeOfMemory(Random& random) {
  for (;;) {
    const Base base(random, 0.3, 8.0);
    const double limit = base.Quantile(random.Uniform(0.1, 0.9));
    Surface surface = Fill(base, [&](int c, int b, double need) {
      return need > limit ? 0.0 : base.rate * base.Saturation(b) * base.Decay(c);
    });
    if (BestIsAtEdge(surface)) return surface;
  }
}

Surface TwoIslands(Random& random) {
  const Base base(random);
  const auto island = [&](double radius_low, double radius_high) {
    return std::array{random.Uniform(0.1, 0.9), random.Uniform(0.1, 0.9),
                      random.Uniform(radius_low, radius_high)};
  };
  const auto wide = island(0.25, 0.45);
  auto narrow = island(0.08, 0.15);
  while (std::hypot(wide[0] - narrow[0], wide[1] - narrow[1]) < 0.35) narrow = island(0.08, 0.15);
  const double height = random.Uniform(0.2, 0.5);
  const double other =
      height * (random.Uniform() < 0.5 ? random.Uniform(1.05, 1.3) : random.Uniform(0.7, 0.95));
  const auto bump = [](const std::array<double, 3>& at, double x, double y) {
    const double squared = (x - at[0]) * (x - at[0]) + (y - at[1]) * (y - at[1]);
    return std::exp(-0.5 * squared / (at[2] * at[2]));
  };
  return Fill(base, [&](int c, int b, double) {
    const double x = (c - 16384) / 94208.0;
    const double y = (b - 128) / 2048.0;
    return base.rate * (1.0 + height * bump(wide, x, y) + other * bump(narrow, x, y));
  });
}

}  // namespace

std::string_view FamilyName(int family) {
  return kNames.at(static_cast<std::size_t>(family));
}

Surface MakeSurface(int family, std::uint64_t seed) {
  static constexpr std::array kMakers = {&TwoPlateaus,  &Smooth,     &CpuOffload,
                                         &UnequalGpus,  &Ridges,     &KernelSwitch,
                                         &EdgeOfMemory, &TwoIslands, &FailingBand};
  Random random(seed * 1000003U + static_cast<std::uint64_t>(family));
  random.Bits();
  Surface surface = kMakers.at(static_cast<std::size_t>(family))(random);
  surface.family = FamilyName(family);
  surface.best = *std::max_element(surface.rate.begin(), surface.rate.end());
  return surface;
}

}  // namespace ollama_bench
