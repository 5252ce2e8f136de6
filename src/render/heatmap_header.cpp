#include "heatmap_header.h"

#include <fmt/format.h>

#include <cctype>

#include "heatmap_palette.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/render/text_fit.h"

namespace ollama_bench {
namespace {

constexpr double kTitleSize = 21;
constexpr double kTitleLine = 32;
constexpr double kDetailSize = 13;
constexpr double kDetailLine = 19;
constexpr std::size_t kMostDetailLines = 4;
constexpr double kAnswerSize = 14;
constexpr double kAnswerLine = 22;
constexpr double kAnswerGap = 4;             // above the first line of the answer
constexpr std::size_t kMostAnswerLines = 4;  // per sentence
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

std::vector<std::string> AnswerLines(const std::optional<SweepAnswer>& answer, const Font& font,
                                     double width) {
  if (!answer) return {"No cell has a value."};
  std::vector<std::string> lines;
  for (const std::string& sentence :
       {AnswerSentence(*answer), ValueSentence(*answer), BaselineSentence(*answer)}) {
    if (sentence.empty()) continue;
    for (std::string& line : WrapWords(font, sentence, kAnswerSize, width, kMostAnswerLines)) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
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
                         const std::optional<SweepAnswer>& answer, const Font& font, double width) {
  const MetricInfo& metric = Describe(table.metric);
  HeatmapHeader header;
  header.title =
      caption.model.empty() ? Capitalized(metric.label) : Printable(caption.model, false);
  header.details = WrapPhrases(font, DetailPhrases(metric, caption), "  \xC2\xB7  ", kDetailSize,
                               width, kMostDetailLines);
  header.answer = AnswerLines(answer, font, width);
  if (caption.replayed) {
    header.badges.emplace_back(caption.repeats_itself ? "REPLAYED WITHOUT NOISE" : "REPLAYED");
  }
  if (caption.mixed) header.badges.emplace_back("MIXED");
  return header;
}

double HeaderHeight(const HeatmapHeader& header) {
  return kTitleLine + kDetailLine * static_cast<double>(header.details.size()) + kAnswerGap +
         kAnswerLine * static_cast<double>(header.answer.size());
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
  y += kAnswerGap;
  for (const std::string& line : header.answer) {
    scene.Text({place.x, y, place.width, kAnswerLine}, line, {kAnswerSize, palette::kTitle});
    y += kAnswerLine;
  }
}

}  // namespace ollama_bench
