#include "heatmap_header.h"

#include <fmt/format.h>

#include <cctype>

#include "heatmap_palette.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/text_fit.h"

namespace ollama_bench {
namespace {

constexpr double kTitleSize = 21;
constexpr double kTitleLine = 32;
constexpr double kDetailSize = 13;
constexpr double kDetailLine = 19;
constexpr std::size_t kMostDetailLines = 4;
constexpr double kBestSize = 14;
constexpr double kBestLine = 26;
constexpr double kBadgeSize = 13;
constexpr double kBadgeHeight = 24;
constexpr double kBadgePadding = 10;
constexpr double kBadgeGap = 10;

std::string Capitalized(std::string_view text) {
  std::string result(text);
  if (!result.empty()) {
    result[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(result[0])));
  }
  return result;
}

std::vector<std::string> DetailPhrases(const MetricInfo& metric, const SweepCaption& caption) {
  std::vector<std::string> phrases{fmt::format("{} in {}", Capitalized(metric.label), metric.unit)};
  if (!caption.ollama_version.empty()) {
    phrases.push_back("Ollama " + Printable(caption.ollama_version, false));
  }
  if (caption.prompt_tokens)
    phrases.push_back(fmt::format("{} prompt tokens", *caption.prompt_tokens));
  if (!caption.hardware.empty()) phrases.push_back(Printable(caption.hardware, false));
  if (!caption.date.empty()) phrases.push_back(Printable(caption.date, false));
  return phrases;
}

std::string DescribeBest(const MetricInfo& metric, const std::optional<BestCell>& best,
                         const NumberFormat& format) {
  if (!best) return "No cell has a value.";
  return fmt::format("{}: {} {} at num_ctx {}, num_batch {}",
                     metric.higher_is_better ? "Best" : "Best (lowest)", format(best->value),
                     metric.unit, best->cell.num_ctx, best->cell.num_batch);
}

// Returns where the badges begin.
double DrawBadges(SceneBuilder& scene, const std::vector<std::string>& badges, const Box& place) {
  double right = place.right();
  for (auto badge = badges.rbegin(); badge != badges.rend(); ++badge) {
    const double width = scene.font().Width(*badge, kBadgeSize) + 2 * kBadgePadding;
    const Box box{right - width, place.y + (kTitleLine - kBadgeHeight) / 2, width, kBadgeHeight};
    scene.Fill(box, palette::kMark);
    scene.Text(box, *badge, {kBadgeSize, palette::kPaper, Anchor::kMiddle});
    right = box.x - kBadgeGap;
  }
  return right;
}

}  // namespace

HeatmapHeader PlanHeader(const ResultTable& table, const SweepCaption& caption,
                         const std::optional<BestCell>& best, const NumberFormat& format,
                         const Font& font, double width) {
  const MetricInfo& metric = Describe(table.metric);
  HeatmapHeader header;
  header.title =
      caption.model.empty() ? Capitalized(metric.label) : Printable(caption.model, false);
  header.details = WrapPhrases(font, DetailPhrases(metric, caption), "  \xC2\xB7  ", kDetailSize,
                               width, kMostDetailLines);
  header.best = DescribeBest(metric, best, format);
  if (caption.replayed) header.badges.emplace_back("REPLAYED");
  if (caption.mixed) header.badges.emplace_back("MIXED");
  return header;
}

double HeaderHeight(const HeatmapHeader& header) {
  return kTitleLine + kDetailLine * static_cast<double>(header.details.size()) + kBestLine;
}

void DrawHeader(SceneBuilder& scene, const HeatmapHeader& header, const Box& place) {
  const double title_end = DrawBadges(scene, header.badges, place);
  scene.Text({place.x, place.y, title_end - place.x, kTitleLine}, header.title,
             {kTitleSize, palette::kTitle});
  double y = place.y + kTitleLine;
  for (const std::string& line : header.details) {
    scene.Text({place.x, y, place.width, kDetailLine}, line, {kDetailSize, palette::kQuiet});
    y += kDetailLine;
  }
  scene.Text({place.x, y, place.width, kBestLine}, header.best, {kBestSize, palette::kTitle});
}

}  // namespace ollama_bench
