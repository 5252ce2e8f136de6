#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "chapters.h"
#include "ollama_bench/analysis/slice.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "ollama_bench/render/line_scene.h"
#include "ollama_bench/render/load_scene.h"
#include "ollama_bench/render/scale_scene.h"

namespace ollama_bench {
namespace {

bool HasWindows(const std::vector<CellResult>& results) {
  return std::any_of(results.begin(), results.end(), [](const CellResult& result) {
    const auto counted = CountedOf(result);
    return std::any_of(counted.begin(), counted.end(),
                       [](const Sample* sample) { return sample->window.has_value(); });
  });
}

bool IsOpen(const LoadSeries& series) {
  return TrafficOf(series.levels.front().cell) == Parameter::kRequestRate;
}

// A picture has one kind of traffic, and as many lines as can be distinguished.
void AddLoadPictures(const ReportedSweep& sweep, const std::vector<LoadSeries>& load,
                     const Font& font, std::vector<Block>& blocks) {
  for (const bool is_open : {false, true}) {
    std::vector<LoadSeries> drawn;
    for (const LoadSeries& series : load) {
      if (IsOpen(series) == is_open && drawn.size() < kMostLines) drawn.push_back(series);
    }
    if (!drawn.empty())
      blocks.emplace_back(
          Drawing{is_open ? "load_rates" : "load", LayOutLoad(drawn, sweep.caption, {}, font)});
  }
}

// Of a table of one row, or one that has as many as can be distinguished, lines.
void AddTablePictures(const ReportedSweep& sweep, const Font& font, std::vector<Block>& blocks) {
  if (sweep.tables.front().states.empty() || sweep.tables.size() > kMostTables) return;
  const SweepMap& first = sweep.maps.front();
  const bool is_line = sweep.maps.size() == 1 && first.row_count() == 1;
  if (!is_line) {
    HeatmapStyle style;
    style.coloring = HaveNoChoice(sweep.answers) ? CellColoring::kValue : CellColoring::kLoss;
    style.has_numbers = ShowsNumbers(NumberMode::kAuto, PictureFormat::kSvg, first.column_count());
    blocks.emplace_back(Drawing{"heatmap", LayOutHeatmap(sweep.maps, sweep.caption, style, font)});
  }
  const bool has_lines =
      sweep.maps.size() == 1 && first.row_count() <= kMostLines && first.column_count() > 1;
  if (has_lines) blocks.emplace_back(Drawing{"lines", LayOutLines(first, sweep.caption, font)});
}

}  // namespace

std::string Counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

Table TableOf(const TextColumns& columns, std::string title) {
  Table table{std::move(title), columns.headings().front(), columns.rows()};
  for (std::size_t i = 1; i < columns.headings().size(); ++i) {
    const TextColumns::Row& below = columns.headings()[i];
    for (std::size_t j = 0; j < below.size(); ++j) {
      if (!below[j].empty()) table.headings[j] += " " + below[j];
    }
  }
  return table;
}

void AddFact(Facts& facts, std::string name, std::string value) {
  if (!value.empty()) facts.rows.emplace_back(std::move(name), std::move(value));
}

SweepContent ContentOf(const ReportedSweep& sweep) {
  SweepContent content;
  if (HasWindows(sweep.results)) {
    content.load = AnswerLoad(sweep.results, sweep.requests, {});
    std::erase_if(content.load, [](const LoadSeries& series) {
      return std::none_of(series.levels.begin(), series.levels.end(),
                          [](const LevelEstimate& level) { return level.windows > 0; });
    });
  }
  content.scale = ScaleOf(sweep.results);
  std::erase_if(content.scale, [](const ScaleSeries& series) { return series.points.size() < 2; });
  const bool is_of_settings = !HaveNoChoice(sweep.answers);
  const bool has_other = !content.load.empty() || !content.scale.empty();
  const bool compares =
      std::any_of(sweep.answers.begin(), sweep.answers.end(), [](const StratumAnswer& of_stratum) {
        return of_stratum.answer && of_stratum.answer->cells.size() > 1;
      });
  content.has_choice = is_of_settings && (compares || !has_other);
  // Where settings were compared at a few lengths there is no law to be shown.
  if (content.has_choice) {
    std::erase_if(content.scale, [](const ScaleSeries& series) { return !series.prefill; });
  }
  return content;
}

std::vector<Block> PictureBlocks(const ReportedSweep& sweep, const SweepContent& content,
                                 const Font& font) {
  std::vector<Block> blocks;
  AddLoadPictures(sweep, content.load, font, blocks);
  if (!content.scale.empty()) {
    std::vector<ScaleSeries> drawn = content.scale;
    drawn.resize(std::min(drawn.size(), kMostLines));
    blocks.emplace_back(Drawing{"scale", LayOutScale(drawn, sweep.caption, {}, font)});
  }
  if (content.has_choice) AddTablePictures(sweep, font, blocks);
  return blocks;
}

Chapter SweepChapter(const ReportedSweep& sweep, const Font* font) {
  const SweepContent content = ContentOf(sweep);
  Chapter chapter;
  chapter.title = sweep.caption.model.empty()
                      ? std::filesystem::path(sweep.name).filename().string()
                      : sweep.caption.model;
  chapter.file = sweep.name;
  if (sweep.caption.replayed) chapter.badges.emplace_back("REPLAYED");
  if (sweep.caption.mixed) chapter.badges.emplace_back("MIXED");
  const WorkloadInfo& workload = Describe(WorkloadOf(sweep.metadata));
  for (const std::string& detail :
       {fmt::format("workload {}", workload.key),
        sweep.caption.ollama_version.empty() ? "" : "Ollama " + sweep.caption.ollama_version,
        sweep.caption.hardware, sweep.caption.date, sweep.name}) {
    if (!detail.empty()) chapter.details.push_back(detail);
  }
  chapter.answer = AnswerBlocks(sweep, content);
  chapter.sections.push_back({"Warnings", WarningBlocks(sweep)});
  if (font != nullptr) {
    chapter.sections.push_back({"Pictures", PictureBlocks(sweep, content, *font)});
  }
  chapter.sections.push_back({"Advice", AdviceBlocks(sweep, content)});
  chapter.sections.push_back({"Figures", TableBlocks(sweep, content)});
  chapter.sections.push_back({"Failures", FailureBlocks(sweep)});
  chapter.sections.push_back({"What the machine did", TelemetryBlocks(sweep)});
  chapter.sections.push_back({"Conditions", ConditionBlocks(sweep)});
  chapter.sections.push_back({"Method", MethodBlocks(sweep, content)});
  return chapter;
}

}  // namespace ollama_bench
