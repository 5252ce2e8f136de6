#include <fmt/format.h>

#include <sstream>

#include "chapters.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/render/distribution_scene.h"

namespace ollama_bench {
namespace {

const Distribution* FigureOf(const PromptSummary& summary, std::string_view key) {
  for (const Distribution& figure : summary.figures) {
    if (figure.key == key) return &figure;
  }
  return nullptr;
}

std::string Short(double value) {
  return fmt::format("{:.{}f}", value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

std::string AnswerOf(const PromptSummary& summary) {
  const Distribution* e2e = FigureOf(summary, "e2e_ms");
  const Distribution* ttft = FigureOf(summary, "ttft_ms");
  std::string text = fmt::format("{} of {} requests answered", summary.answered, summary.planned);
  if (e2e != nullptr) text += fmt::format("; a prompt takes {} ms on average", Short(e2e->mean));
  if (ttft != nullptr) text += fmt::format(", {} ms to its first token", Short(ttft->mean));
  return text + ".";
}

Tiles TilesOf(const PromptSummary& summary) {
  Tiles tiles;
  for (const Distribution& figure : summary.figures) {
    for (const Distribution::Share& share : figure.quantiles) {
      if (share.percent != 50 || !share.quantile) continue;
      tiles.tiles.push_back({fmt::format("{} p50, {}", figure.label, figure.unit),
                             Short(share.quantile->value),
                             fmt::format("95 % CI [{}, {}]", Short(share.quantile->interval.low),
                                         Short(share.quantile->interval.high))});
    }
  }
  return tiles;
}

Scene PictureOf(const std::vector<Distribution>& figures, const ReportedPrompts& prompts,
                const Font& font) {
  DistributionCaption caption;
  caption.title = fmt::format("Distributions over the prompts of {}", prompts.name);
  caption.details = {prompts.caption.model,
                     fmt::format("{} at a time", prompts.caption.concurrency)};
  return LayOutDistributions(figures, caption, font);
}

}  // namespace

std::vector<Block> PictureBlocks(const ReportedPrompts& prompts, const Font& font) {
  // Times and rates differ in unit, and a page is three columns wide.
  std::vector<Distribution> times;
  std::vector<Distribution> others;
  for (const Distribution& figure : prompts.summary.figures) {
    const bool is_headline =
        figure.key == "e2e_ms" || figure.key == "ttft_ms" || figure.key == "tpot_ms";
    (is_headline ? times : others).push_back(figure);
  }
  std::vector<Block> blocks;
  if (!times.empty()) blocks.emplace_back(Drawing{"latencies", PictureOf(times, prompts, font)});
  if (others.size() > 3) others.erase(others.begin() + 3, others.end());
  if (!others.empty()) blocks.emplace_back(Drawing{"rates", PictureOf(others, prompts, font)});
  return blocks;
}

namespace {

std::vector<Block> Conditions(const ReportedPrompts& prompts) {
  Facts facts;
  AddFact(facts, "Model", prompts.config.model);
  AddFact(facts, "Digest", prompts.config.digest);
  AddFact(facts, "Ollama", prompts.config.ollama_version);
  AddFact(facts, "Endpoint", prompts.config.endpoint);
  AddFact(facts, "num_predict", fmt::format("{}", prompts.config.num_predict));
  AddFact(facts, "At a time", fmt::format("{}", prompts.caption.concurrency));
  AddFact(facts, "Begun", LocalTime(prompts.started));
  AddFact(facts, "Records", prompts.name);
  return Only(std::move(facts));
}

constexpr const char* kMethod =
    "Each prompt is one request; times count from sending it, TTFT to the first text or thinking, "
    "TPOT over the tokens after the first. Prefill, decode and load are the server's own "
    "durations; "
    "queue is what they leave of its total. Answers that waited for the model to be loaded are not "
    "in the figures. Percentiles have 95 % intervals from order statistics; those that so few "
    "prompts cannot bound are left out. Of a prompt asked more than once its mean counts.";

}  // namespace

Chapter PromptsChapter(const ReportedPrompts& prompts, const Font* font) {
  const PromptSummary& summary = prompts.summary;
  Chapter chapter;
  chapter.title = prompts.caption.model.empty() ? prompts.name : prompts.caption.model;
  chapter.file = prompts.name;
  chapter.details.emplace_back("prompts");
  if (!prompts.config.ollama_version.empty()) {
    chapter.details.push_back("Ollama " + prompts.config.ollama_version);
  }
  constexpr std::size_t kLengthOfDate = 10;
  const std::string date = LocalTime(prompts.started).substr(0, kLengthOfDate);
  if (!date.empty()) chapter.details.push_back(date);
  chapter.details.push_back(prompts.name);
  chapter.answer.emplace_back(Verdicts{"", AnswerOf(summary), Tone::kPlain});
  chapter.answer.emplace_back(TilesOf(summary));
  chapter.answer.emplace_back(Paragraph{PromptCounts(summary, prompts.caption), Tone::kPlain});
  chapter.answer.emplace_back(Paragraph{PromptNotes(summary, prompts.caption), Tone::kQuiet});
  if (font != nullptr) chapter.sections.push_back({"Pictures", PictureBlocks(prompts, *font)});
  Section figures{"Figures", {}};
  if (!summary.figures.empty()) {
    figures.blocks.emplace_back(TableOf(PromptFigureColumns(summary), "Over the prompts"));
  }
  if (!summary.slowest.empty()) {
    figures.blocks.emplace_back(TableOf(SlowestColumns(summary), "Slowest"));
  }
  chapter.sections.push_back(std::move(figures));
  chapter.sections.push_back({"Conditions", Conditions(prompts)});
  chapter.sections.push_back(
      {"Method", Only(Fold{"How it was measured", Only(Paragraph{kMethod, Tone::kPlain})})});
  return chapter;
}

}  // namespace ollama_bench
