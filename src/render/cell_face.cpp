#include "cell_face.h"

#include <algorithm>

#include "cell_label.h"
#include "color_bar.h"
#include "heatmap_palette.h"
#include "number_format.h"

namespace ollama_bench {
namespace {

using Kind = MapCell::Kind;

constexpr double kLargestReason = 10;
constexpr double kAirBesideReason = 8;
constexpr double kLowestReasonCell = 12;

}  // namespace

CellFaces::CellFaces(std::span<const SweepMap> maps, const HeatmapStyle& style)
    : maps_(maps), style_(style), scale_(MakeValueScale(maps, style.colormap)) {}

CellFace CellFaces::Of(const MapCell& cell) const {
  const CellFace failed{palette::kFailed, palette::kFailedText, Pattern::kFailed, {}, {}};
  switch (cell.kind) {
    case Kind::kMeasured:
    case Kind::kEstimated:
      return OfValue(cell);
    case Kind::kFailed: {
      CellFace face = failed;
      const FailureKind kind = cell.failure.value_or(FailureKind::kUnknown);
      if (ShowsLoss() && kind == FailureKind::kOutOfMemory) {
        face.pattern = Pattern::kOutOfMemory;
      } else {
        face.reason = ShortLabel(kind);
      }
      return face;
    }
    case Kind::kExpectedToFail:
      return {palette::kPaper, palette::kFailedText, Pattern::kExpectedToFail, {}, {}};
    case Kind::kExcluded:
      return {palette::kAlias,
              palette::kText,
              Pattern::kExcluded,
              {},
              ShortLabel(cell.excluded.value_or(Exclusion::kCached))};
    case Kind::kAlias:
      return {palette::kAlias, palette::kText, Pattern::kAlias, {}, {}};
    case Kind::kUntested:
      break;
  }
  return {palette::kPaper, palette::kText, Pattern::kPlain, {}, {}};
}

CellFace CellFaces::OfValue(const MapCell& cell) const {
  CellFace face;
  const bool is_estimated = cell.kind == Kind::kEstimated;
  if (is_estimated) face.pattern = Pattern::kEstimated;
  if (ShowsLoss()) {
    face.fill = cell.is_worse ? LossClassOf(cell.loss).ink : palette::kNeutral;
    face.text_ink = cell.is_worse ? ReadableOn(face.fill) : palette::kNeutralText;
    face.number = RoundedToInterval(cell.value, cell.low, cell.high, maps_.front().metric);
  } else {
    face.fill = scale_.ColorOf(is_estimated ? cell.value : cell.raw);
    face.text_ink = ReadableOn(face.fill);
    face.number = scale_.format(is_estimated ? cell.value : cell.raw);
  }
  if (is_estimated) face.number = kEstimateSign + face.number;
  return face;
}

double CellFaces::NumberWidth(const Font& font) const {
  double widest = 0;
  if (!style_.has_numbers) return 0;
  for (const SweepMap& map : maps_) {
    for (const MapCell& cell : map.cells) {
      if (cell.HasValue()) widest = std::max(widest, font.Width(OfValue(cell).number, 1));
    }
  }
  return widest;
}

ReasonLabels::ReasonLabels(std::span<const SweepMap> maps, const CellFaces& faces,
                           const CellSize& size, const Font& font) {
  double widest = 0;
  for (const SweepMap& map : maps) {
    for (const MapCell& cell : map.cells) {
      const std::string reason = faces.Of(cell).reason;
      if (reason.empty()) continue;
      labels_[reason] = reason;
      widest = std::max(widest, font.Width(reason, 1));
    }
  }
  if (labels_.empty()) return;
  text_size_ =
      std::min({kLargestReason, size.height * 0.42, (size.width - kAirBesideReason) / widest});
  if (text_size_ >= kSmallestText) return;
  are_letters_ = std::min(size.width, size.height) >= kLowestReasonCell;
  text_size_ = are_letters_ ? std::min(kLargestReason, size.height * 0.6) : 0;
  char letter = 'A';
  for (auto& [reason, label] : labels_) {
    label = are_letters_ ? std::string(1, letter++) : std::string();
  }
}

std::string ReasonLabels::Of(const std::string& reason) const {
  const auto found = labels_.find(reason);
  return found == labels_.end() ? std::string() : found->second;
}

}  // namespace ollama_bench
