#include "ollama_bench/render/cell_text.h"

#include <fmt/format.h>

#include "number_format.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

using Kind = MapCell::Kind;

std::string DescribeValue(Metric metric, const MapCell& cell) {
  const MetricInfo& info = Describe(metric);
  const NumberFormat format{info.decimals};
  std::string text = fmt::format("{} {}, 95 % CI [{}, {}]", format(cell.value), info.unit,
                                 format(cell.low), format(cell.high));
  if (cell.loss > 0) {
    text += fmt::format(", {:.1f} % slower than the best{}", 100 * cell.loss,
                        cell.is_worse ? "" : " (not significant)");
  }
  if (cell.kind == Kind::kEstimated) return "estimated, not measured: " + text;
  return text + fmt::format(", median {}, {} load{}", format(cell.raw), cell.loads,
                            cell.loads == 1 ? "" : "s");
}

}  // namespace

std::string CellDescription(Metric metric, const MapCell& state) {
  switch (state.kind) {
    case Kind::kMeasured:
    case Kind::kEstimated:
      return DescribeValue(metric, state);
    case Kind::kFailed: {
      std::string text(Describe(state.failure.value_or(FailureKind::kUnknown)).sentence);
      if (!state.message.empty()) text += ": " + Printable(state.message, false);
      return text;
    }
    case Kind::kExpectedToFail:
      return "not measured, expected to run out of memory";
    case Kind::kExcluded:
      return fmt::format("not counted, {}", Explain(state.excluded.value_or(Exclusion::kCached)));
    case Kind::kAlias:
      if (!state.alias_of) return "the same as another cell";
      return "the same as " + DescribeCell(*state.alias_of);
    case Kind::kUntested:
      break;
  }
  return "not measured";
}

std::string CellTitle(Metric metric, const Cell& cell, const MapCell& state) {
  return fmt::format("{}: {}", DescribeCell(cell), CellDescription(metric, state));
}

}  // namespace ollama_bench
