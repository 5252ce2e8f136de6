#include "picture_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <utility>

#include "heatmap_palette.h"
#include "ollama_bench/core/text.h"
#include "text_fit.h"

namespace ollama_bench {
namespace {

constexpr double kTitleSize = 18;
constexpr double kTitleLine = 26;
constexpr std::size_t kMostTitleLines = 5;
constexpr double kDetailSize = 13;
constexpr double kDetailLine = 19;
constexpr double kDetailGap = 4;  // above the first detail
constexpr std::size_t kMostDetailLines = 4;
constexpr double kBadgeSize = 12;
constexpr double kBadgeHeight = 22;
constexpr double kBadgePadding = 9;
constexpr double kBadgeGap = 10;

std::string Capitalized(std::string_view text) {
  std::string result(text);
  if (!result.empty()) {
    result[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(result[0])));
  }
  return result;
}

std::vector<std::string> DetailPhrases(const HeaderTexts& texts, const SweepCaption& caption) {
  std::vector<std::string> phrases;
  if (!caption.model.empty()) phrases.push_back(Printable(caption.model, false));
  if (texts.metric) {
    const MetricInfo& metric = Describe(*texts.metric);
    phrases.push_back(fmt::format("{} in {}", Capitalized(metric.label), metric.unit));
  }
  if (texts.held != Cell()) phrases.push_back(DescribeCell(texts.held));
  if (!caption.ollama_version.empty()) {
    phrases.push_back("Ollama " + Printable(caption.ollama_version, false));
  }
  if (caption.prompt_tokens) {
    phrases.push_back(fmt::format("{} prompt tokens", *caption.prompt_tokens));
  }
  if (!caption.hardware.empty()) phrases.push_back(Printable(caption.hardware, false));
  if (!caption.date.empty()) phrases.push_back(Printable(caption.date, false));
  return phrases;
}

double BadgesWidth(const std::vector<std::string>& badges, const Font& font) {
  double width = 0;
  for (const std::string& badge : badges) {
    width += kBadgeGap + font.Width(badge, kBadgeSize) + 2 * kBadgePadding;
  }
  return width;
}

void DrawBadges(SceneBuilder& scene, const std::vector<std::string>& badges, const Box& place) {
  double right = place.right();
  for (auto badge = badges.rbegin(); badge != badges.rend(); ++badge) {
    const double width = scene.font().Width(*badge, kBadgeSize) + 2 * kBadgePadding;
    const Box box{right - width, place.y + (kTitleLine - kBadgeHeight) / 2, width, kBadgeHeight};
    scene.Fill(box, palette::kBadge);
    scene.Text(box, *badge, {kBadgeSize, palette::kBadgeText, Anchor::kMiddle});
    right = box.x - kBadgeGap;
  }
}

}  // namespace

PictureHeader PlanHeader(const HeaderTexts& texts, const SweepCaption& caption, const Font& font,
                         double width) {
  PictureHeader header;
  if (caption.replayed) {
    header.badges.emplace_back(caption.repeats_itself ? "REPLAYED WITHOUT NOISE" : "REPLAYED");
  }
  if (caption.mixed) header.badges.emplace_back("MIXED");
  header.title = WrapWords(font, font.Drawable(Printable(texts.title, false)), kTitleSize,
                           width - BadgesWidth(header.badges, font), kMostTitleLines);
  std::vector<std::string> phrases;
  for (const std::string& phrase : DetailPhrases(texts, caption)) {
    phrases.push_back(font.Drawable(phrase));
  }
  header.details = WrapPhrases(font, phrases, "  \xC2\xB7  ", kDetailSize, width, kMostDetailLines);
  return header;
}

double HeaderHeight(const PictureHeader& header) {
  return kTitleLine * static_cast<double>(std::max<std::size_t>(header.title.size(), 1)) +
         kDetailGap + kDetailLine * static_cast<double>(header.details.size());
}

void DrawHeader(SceneBuilder& scene, const PictureHeader& header, const Box& place) {
  DrawBadges(scene, header.badges, place);
  const double title_width = place.width - BadgesWidth(header.badges, scene.font());
  double y = place.y;
  for (const std::string& line : header.title) {
    scene.Text({place.x, y, title_width, kTitleLine}, line, {kTitleSize, palette::kTitle});
    y += kTitleLine;
  }
  y = place.bottom() - kDetailLine * static_cast<double>(header.details.size());
  for (const std::string& line : header.details) {
    scene.Text({place.x, y, place.width, kDetailLine}, line, {kDetailSize, palette::kQuiet});
    y += kDetailLine;
  }
}

std::string SceneName(const SweepMap& map, const SweepCaption& caption) {
  const std::string model = caption.model.empty() ? "" : Printable(caption.model, false) + ": ";
  const Grid& grid = map.grid;
  const std::string down =
      grid.down.IsAuto() ? "" : fmt::format(" and {}", KeyOf(grid.down.parameter));
  return fmt::format("{}{} by {}{}. {}", model, Describe(map.metric).label,
                     KeyOf(grid.across.parameter), down, Printable(map.title, false));
}

namespace {

constexpr double kSize = 12;
constexpr double kLine = 18;
constexpr double kGap = 6;             // above the first
constexpr std::size_t kMostLines = 4;  // per sentence

}  // namespace

std::vector<std::string> NoteTexts(const SweepMap& map, const SweepCaption& caption,
                                   const Font& font) {
  std::vector<std::string> texts;
  for (const std::string& note : map.notes) texts.push_back(Printable(note, false));
  std::vector<std::string> shown = texts;
  for (const std::string& text :
       {map.title, caption.model, caption.ollama_version, caption.hardware, caption.date}) {
    shown.push_back(Printable(text, false));
  }
  if (auto note = SubstituteNote(font, shown)) texts.push_back(std::move(*note));
  return texts;
}

std::vector<std::string> WrapNotes(const std::vector<std::string>& sentences, double width,
                                   const Font& font) {
  std::vector<std::string> lines;
  for (const std::string& sentence : sentences) {
    for (std::string& line : WrapWords(font, font.Drawable(sentence), kSize, width, kMostLines)) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

double NotesHeight(const std::vector<std::string>& lines) {
  return lines.empty() ? 0 : kGap + kLine * static_cast<double>(lines.size());
}

void DrawNotes(SceneBuilder& scene, const std::vector<std::string>& lines, Point top_left,
               double width) {
  double y = top_left.y + kGap;
  for (const std::string& line : lines) {
    scene.Text({top_left.x, y, width, kLine}, line, {kSize, palette::kQuiet});
    y += kLine;
  }
}

namespace {

constexpr double kSwatchWidth = 28;
constexpr double kSwatchHeight = 18;
constexpr double kSwatchGap = 8;
constexpr double kEntryDistance = 26;
constexpr double kEntryLine = 26;
constexpr double kLabelSize = 12;

}  // namespace

void PlaceLegend(std::vector<LegendEntry>& legend, Point top_left, double width, const Font& font) {
  Point corner = top_left;
  for (LegendEntry& entry : legend) {
    const double text_width = font.Width(entry.text, kLabelSize);
    const double entry_width = std::min(width, kSwatchWidth + kSwatchGap + std::ceil(text_width));
    if (corner.x > top_left.x && corner.x + entry_width > top_left.x + width) {
      corner = {top_left.x, corner.y + kEntryLine};
    }
    entry.place = {corner.x, corner.y, entry_width, kEntryLine};
    corner.x += entry_width + kEntryDistance;
  }
}

void DrawLegend(SceneBuilder& scene, const std::vector<LegendEntry>& legend) {
  for (const LegendEntry& entry : legend) {
    const Box& place = entry.place;
    const Box swatch{place.x, place.y + (place.height - kSwatchHeight) / 2, kSwatchWidth,
                     kSwatchHeight};
    entry.draw(scene, swatch);
    scene.Text({swatch.right() + kSwatchGap, place.y, place.right() - swatch.right() - kSwatchGap,
                place.height},
               entry.text, {kLabelSize, palette::kText});
  }
}

}  // namespace ollama_bench
