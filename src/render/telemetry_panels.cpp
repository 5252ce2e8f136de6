#include "telemetry_panels.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "heatmap_palette.h"
#include "line_marks.h"
#include "ollama_bench/render/line_scene.h"

namespace ollama_bench {
namespace {

using Get = std::function<std::optional<double>(const TelemetryReading&)>;

// A line of which each reading says what was since the one before, or what is.
enum class Kind { kSince, kNow };

constexpr double kGpuDash = 5;

std::vector<Polyline> PiecesOf(const TelemetryRecord& record, Kind kind, const Get& get) {
  std::vector<Polyline> pieces;
  bool continues = false;
  for (std::size_t i = 0; i < record.readings.size(); ++i) {
    const auto value = get(record.readings[i]);
    const bool is_drawn = value && (kind == Kind::kNow || i > 0);
    if (!is_drawn) {
      continues = false;
      continue;
    }
    if (!std::exchange(continues, true)) pieces.emplace_back();
    const auto time = [&](std::size_t at) {
      return record.readings[at].at_s - record.measured_from_s;
    };
    if (kind == Kind::kSince) pieces.back().push_back({time(i - 1), *value});
    pieces.back().push_back({time(i), *value});
  }
  return pieces;
}

std::optional<double> Bytes(const std::optional<std::int64_t>& bytes) {
  return bytes ? std::optional(static_cast<double>(*bytes) / 1e9) : std::nullopt;
}

/// Collects panels; those without a line are left out.
class Planner {
 public:
  explicit Planner(const TelemetryRecord& record) : record_(record) {}

  std::vector<TelemetryPanel> Plan() {
    Begin("CPU use, CPUs");
    Add({"the whole machine", palette::kTick}, Kind::kSince,
        [](const TelemetryReading& reading) { return reading.cpus; });
    Add(Server(), Kind::kSince,
        [](const TelemetryReading& reading) { return reading.server_cpus; });
    Begin("GPU use, %", 100);
    AddGpus(Kind::kNow, true, [](const GpuReading& gpu) {
      return gpu.use ? std::optional(100 * *gpu.use) : std::nullopt;
    });
    Begin("memory, GB");
    Add(Server(), Kind::kNow,
        [](const TelemetryReading& reading) { return Bytes(reading.server_bytes); });
    AddGpus(Kind::kNow, false, [](const GpuReading& gpu) { return Bytes(gpu.memory_bytes); });
    Begin("power, W");
    Add({"the CPUs", palette::kTick, kGpuDash / 2}, Kind::kSince,
        [](const TelemetryReading& reading) { return reading.power_w; });
    AddGpus(Kind::kNow, false, [](const GpuReading& gpu) { return gpu.power_w; });
    std::erase_if(panels_, [](const TelemetryPanel& panel) { return panel.lines.empty(); });
    for (TelemetryPanel& panel : panels_) FindTop(panel);
    return std::move(panels_);
  }

 private:
  struct Look {
    std::string name;
    Ink ink;
    double dash = 0;
  };

  static Look Server() { return {"the server's processes", palette::kRecommended}; }

  // The scale reaches `least` at least.
  void Begin(std::string name, double least = 0) {
    panels_.push_back({std::move(name), least, {}});
  }

  void Add(Look look, Kind kind, const Get& get) {
    std::vector<Polyline> pieces = PiecesOf(record_, kind, get);
    if (pieces.empty()) return;
    panels_.back().lines.push_back({std::move(look.name), look.ink, look.dash, std::move(pieces)});
  }

  void AddGpus(Kind kind, bool is_share,
               const std::function<std::optional<double>(const GpuReading&)>& get) {
    const std::size_t count = record_.gpu_names.size();
    if (count > kMostLines) return AddAllGpus(kind, is_share, get);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& name = record_.gpu_names[i];
      Look look{count == 1 ? "the GPU" : fmt::format("GPU {}", i), LookOf(i, count).ink, kGpuDash};
      if (!name.empty()) look.name += fmt::format(" ({})", name);
      Add(std::move(look), kind, [&get, i](const TelemetryReading& reading) {
        return i < reading.gpus.size() ? get(reading.gpus[i]) : std::nullopt;
      });
    }
  }

  void AddAllGpus(Kind kind, bool is_share,
                  const std::function<std::optional<double>(const GpuReading&)>& get) {
    Add({fmt::format("{} GPUs together", record_.gpu_names.size()), palette::kText, kGpuDash}, kind,
        [&get, is_share](const TelemetryReading& reading) -> std::optional<double> {
          double sum = 0;
          for (const GpuReading& gpu : reading.gpus) {
            const auto value = get(gpu);
            if (!value) return std::nullopt;
            sum += *value;
          }
          if (reading.gpus.empty()) return std::nullopt;
          return is_share ? sum / static_cast<double>(reading.gpus.size()) : sum;
        });
  }

  static void FindTop(TelemetryPanel& panel) {
    double highest = panel.top;
    for (const TelemetryLine& line : panel.lines) {
      for (const Polyline& piece : line.pieces) {
        for (const Point& point : piece) highest = std::max(highest, point.y);
      }
    }
    panel.top = highest > 0 ? 1.08 * highest : 1;
  }

  const TelemetryRecord& record_;
  std::vector<TelemetryPanel> panels_;
};

}  // namespace

std::vector<TelemetryPanel> PlanTelemetryPanels(const TelemetryRecord& record) {
  return Planner(record).Plan();
}

}  // namespace ollama_bench
