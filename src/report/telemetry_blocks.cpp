#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "chapters.h"
#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/median.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr double kGigabyte = 1e9;

using Value = std::optional<double>;

enum class Summary { kMean, kMost, kLeast };

/// One column: a figure of a sample, and how those of several become one.
struct Figure {
  std::string heading;
  Summary summary;
  int decimals;
  std::function<Value(const Sample&)> of;
};

Value Gigabytes(const std::optional<std::int64_t>& bytes) {
  return bytes ? Value(static_cast<double>(*bytes) / kGigabyte) : std::nullopt;
}

Value Percent(const Value& share) {
  return share ? Value(100 * *share) : std::nullopt;
}

// Over the GPUs that report it: the sum, else the mean.
Value OverGpus(const Telemetry& telemetry, bool is_sum,
               const std::function<Value(const GpuTelemetry&)>& of) {
  double sum = 0;
  int count = 0;
  for (const GpuTelemetry& gpu : telemetry.gpus) {
    if (const Value value = of(gpu)) {
      sum += *value;
      ++count;
    }
  }
  if (count == 0) return std::nullopt;
  return is_sum ? sum : sum / count;
}

std::vector<Figure> FiguresOfMachine() {
  const auto of = [](auto value) {
    return [value](const Sample& sample) -> Value { return value(*sample.telemetry); };
  };
  return {
      {"CPUs busy", Summary::kMean, 2, of([](const Telemetry& t) { return t.cpus_mean; })},
      {"by the server", Summary::kMean, 2,
       of([](const Telemetry& t) { return t.server_cpus_mean; })},
      {"by others", Summary::kMean, 2, of([](const Telemetry& t) { return t.others_cpus_mean; })},
      {"busiest CPU, %", Summary::kMost, 0,
       of([](const Telemetry& t) { return Percent(t.busiest_cpu_max); })},
      {"server memory, GB", Summary::kMost, 2,
       of([](const Telemetry& t) { return Gigabytes(t.server_bytes_max); })},
      {"available, GB", Summary::kLeast, 2,
       of([](const Telemetry& t) { return Gigabytes(t.available_bytes_min); })},
      {"GPU use, %", Summary::kMean, 0, of([](const Telemetry& t) {
         return Percent(OverGpus(t, false, [](const GpuTelemetry& gpu) { return gpu.use_mean; }));
       })},
      {"GPU memory, GB", Summary::kMost, 2, of([](const Telemetry& t) {
         return OverGpus(t, true,
                         [](const GpuTelemetry& gpu) { return Gigabytes(gpu.memory_bytes_max); });
       })},
      {"GPU power, W", Summary::kMean, 0, of([](const Telemetry& t) {
         return OverGpus(t, true, [](const GpuTelemetry& gpu) { return gpu.power_w_mean; });
       })},
      {"GPU slowed, %", Summary::kMost, 0, of([](const Telemetry& t) {
         return Percent(
             OverGpus(t, false, [](const GpuTelemetry& gpu) { return gpu.slowed_share; }));
       })},
      {"J per token", Summary::kMean, 3,
       [](const Sample& sample) { return JoulesPerToken(sample); }},
  };
}

Value SummaryOf(const std::vector<double>& values, Summary summary) {
  if (values.empty()) return std::nullopt;
  switch (summary) {
    case Summary::kMost:
      return *std::max_element(values.begin(), values.end());
    case Summary::kLeast:
      return *std::min_element(values.begin(), values.end());
    case Summary::kMean:
      break;
  }
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// A row for each cell, with the columns that any cell has.
std::optional<Table> MachineTable(const std::vector<CellResult>& results) {
  const std::vector<Figure> figures = FiguresOfMachine();
  std::vector<std::pair<Cell, std::vector<Value>>> rows;
  std::vector<bool> is_known(figures.size(), false);
  for (const CellResult& result : results) {
    std::vector<const Sample*> samples = CountedOf(result);
    std::erase_if(samples, [](const Sample* sample) { return !sample->telemetry; });
    if (samples.empty()) continue;
    std::vector<Value> row;
    for (std::size_t i = 0; i < figures.size(); ++i) {
      std::vector<double> values;
      for (const Sample* sample : samples) {
        if (const Value value = figures[i].of(*sample)) values.push_back(*value);
      }
      row.push_back(SummaryOf(values, figures[i].summary));
      is_known[i] = is_known[i] || row.back().has_value();
    }
    rows.emplace_back(result.cell, std::move(row));
  }
  if (rows.empty()) return std::nullopt;
  Table table{"Machine, by cell", {"cell"}, {}};
  for (std::size_t i = 0; i < figures.size(); ++i) {
    if (is_known[i]) table.headings.push_back(figures[i].heading);
  }
  for (const auto& [cell, values] : rows) {
    std::vector<std::string> row = {DescribeCell(cell)};
    for (std::size_t i = 0; i < figures.size(); ++i) {
      if (!is_known[i]) continue;
      row.push_back(values[i] ? fmt::format("{:.{}f}", *values[i], figures[i].decimals) : "-");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// What one GPU did over all samples.
struct GpuTotal {
  std::string name;
  std::vector<double> use, use_max, memory, power, power_max, temperature, slowed;
};

std::optional<Table> GpuTable(const std::vector<CellResult>& results) {
  std::map<int, GpuTotal> gpus;
  const auto add = [](std::vector<double>& list, const Value& value) {
    if (value) list.push_back(*value);
  };
  for (const CellResult& result : results) {
    for (const Sample* sample : CountedOf(result)) {
      if (!sample->telemetry) continue;
      for (const GpuTelemetry& gpu : sample->telemetry->gpus) {
        GpuTotal& total = gpus[gpu.index];
        total.name = gpu.name;
        add(total.use, Percent(gpu.use_mean));
        add(total.use_max, Percent(gpu.use_max));
        add(total.memory, Gigabytes(gpu.memory_bytes_max));
        add(total.power, gpu.power_w_mean);
        add(total.power_max, gpu.power_w_max);
        add(total.temperature, gpu.temperature_c_max);
        add(total.slowed, Percent(gpu.slowed_share));
      }
    }
  }
  if (gpus.empty()) return std::nullopt;
  Table table{"GPUs, over all samples",
              {"GPU", "name", "use, %, mean", "use, %, max", "memory, GB, max", "power, W, mean",
               "power, W, max", "temperature, C, max", "slowed, %, max"},
              {}};
  const auto text = [](const Value& value, int decimals) {
    return value ? fmt::format("{:.{}f}", *value, decimals) : std::string("-");
  };
  for (const auto& [index, gpu] : gpus) {
    table.rows.push_back({fmt::format("{}", index), gpu.name,
                          text(SummaryOf(gpu.use, Summary::kMean), 0),
                          text(SummaryOf(gpu.use_max, Summary::kMost), 0),
                          text(SummaryOf(gpu.memory, Summary::kMost), 2),
                          text(SummaryOf(gpu.power, Summary::kMean), 0),
                          text(SummaryOf(gpu.power_max, Summary::kMost), 0),
                          text(SummaryOf(gpu.temperature, Summary::kMost), 0),
                          text(SummaryOf(gpu.slowed, Summary::kMost), 0)});
  }
  return table;
}

// Loads from the disk and from the page cache apart.
std::string LoadSentence(const std::vector<CellResult>& results) {
  std::vector<double> cold;
  std::vector<double> cached;
  for (const CellResult& result : results) {
    const std::map<std::int64_t, double> times = LoadTimesById(result);
    for (const VisitRecord& visit : result.visits) {
      const auto time = times.find(visit.load_id);
      const auto sized = std::find_if(
          result.samples.begin(), result.samples.end(),
          [&visit](const Sample& sample) { return sample.visit == visit.id && sample.size_bytes; });
      if (time == times.end() || !visit.load_disk_bytes || sized == result.samples.end()) continue;
      const bool is_cold = *visit.load_disk_bytes > *sized->size_bytes / 2;
      (is_cold ? cold : cached).push_back(time->second);
    }
  }
  std::string text;
  const auto add = [&text](std::vector<double>& times, std::string_view from) {
    if (times.empty()) return;
    text += fmt::format("{}{} from {}: median {:.2f} s", text.empty() ? "" : "; ",
                        Counted(times.size(), "load"), from, Median(times).value_or(0));
  };
  add(cold, "the disk");
  add(cached, "the page cache");
  return text.empty() ? text : text + ".";
}

}  // namespace

std::vector<Block> TelemetryBlocks(const ReportedSweep& sweep) {
  std::vector<Block> blocks;
  if (auto table = MachineTable(sweep.results)) blocks.emplace_back(std::move(*table));
  if (auto table = GpuTable(sweep.results)) blocks.emplace_back(std::move(*table));
  const std::string loads = LoadSentence(sweep.results);
  if (!loads.empty()) blocks.emplace_back(Paragraph{loads, Tone::kPlain});
  return blocks;
}

}  // namespace ollama_bench
