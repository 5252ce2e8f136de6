#include "load_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>
#include <vector>

#include "distribution_plot.h"
#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/analysis/load_distributions.h"
#include "ollama_bench/analysis/slice.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/distribution_scene.h"
#include "ollama_bench/render/line_scene.h"
#include "ollama_bench/render/load_scene.h"
#include "ollama_bench/render/load_text.h"
#include "ollama_bench/render/timeline_scene.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/store/telemetry_files.h"
#include "ollama_bench/store/window_files.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

Unexpected<Error> Usage(std::string message) {
  return Fail(ExitCode::kUsage, std::move(message));
}

bool IsOpen(const CellResult& result) {
  return result.cell.Sets(Parameter::kRequestRate);
}

bool HasWindow(const CellResult& result) {
  const auto counted = CountedOf(result);
  return std::any_of(counted.begin(), counted.end(),
                     [](const Sample* sample) { return sample->window.has_value(); });
}

/// Draws one store's load.
class LoadPlotter {
 public:
  LoadPlotter(FileSystem& file_system, const ResultsStore& store, const ReportOptions& options)
      : file_system_(file_system),
        store_(store),
        options_(options),
        slice_(SliceOf(options.slice)),
        caption_(MakeCaption(store.metadata())) {}

  Expected<ExitCode, Error> Make(const LoadPlotOptions& chosen) {
    auto requests = ReadWindowFiles(file_system_, options_.results, store_.results());
    if (!requests) return Unexpected<Error>(ToSessionError(requests.error()));
    requests_ = std::move(*requests);
    ChooseResults();
    if (results_.empty()) {
      return Fail(ExitCode::kNoCell, fmt::format("{}: there is no finished window{} to draw",
                                                 options_.results.string(),
                                                 slice_.where.empty() ? "" : " of such cells"));
    }
    if (!chosen.ecdf.empty() || !chosen.histogram.empty()) return DrawDistributions(chosen);
    if (!chosen.timeline.empty()) return DrawTimeline(chosen.timeline);
    return DrawLevels();
  }

 private:
  // A picture has one kind of traffic across: that of --across, else users where there are any.
  void ChooseResults() {
    for (const CellResult& result : store_.results()) {
      if (HasWindow(result) && IsChosen(result.cell, slice_)) results_.push_back(result);
    }
    const bool has_closed = std::any_of(results_.begin(), results_.end(),
                                        [](const auto& result) { return !IsOpen(result); });
    is_open_ = slice_.across ? *slice_.across == Parameter::kRequestRate : !has_closed;
    const std::size_t before = results_.size();
    std::erase_if(results_,
                  [this](const CellResult& result) { return IsOpen(result) != is_open_; });
    leaves_out_ = before - results_.size();
  }

  [[nodiscard]] Parameter Traffic() const {
    return is_open_ ? Parameter::kRequestRate : Parameter::kConcurrency;
  }

  Expected<ExitCode, Error> DrawLevels() {
    const auto series = AnswerLoad(results_, requests_, {});
    if (series.size() > kMostLines) {
      return Usage(fmt::format(
          "{} series of levels would be as many lines, and {} can be distinguished: choose some, "
          "such as --where {}",
          series.size(), kMostLines, WhereOf(series.front().common)));
    }
    std::vector<std::string> notes;
    if (leaves_out_ > 0) {
      notes.push_back(fmt::format("Not drawn: {} levels of {}; --across {} draws them.",
                                  leaves_out_, KeyOf(Other()), KeyOf(Other())));
    }
    if (const std::size_t lost = WindowsWithoutRequests(); lost > 0) {
      notes.push_back(
          fmt::format("The requests of {} window{} are not in {}: latencies are of the others.",
                      lost, lost == 1 ? "" : "s", BulkFolderOf(options_.results).string()));
    }
    const auto files = DrawPictures(options_, [&](PictureFormat /*format*/, const Font& font) {
      return LayOutLoad(series, caption_, notes, font);
    });
    if (!files) return Unexpected<Error>(files.error());
    if (options_.json) Print(stdout, "{}\n", LoadJson(series).dump());
    if (!options_.json) Print(stdout, "{}", RenderLoadText(series, std::nullopt));
    return Write(*files);
  }

  Expected<ExitCode, Error> DrawDistributions(const LoadPlotOptions& chosen) {
    const bool has_ecdf = !chosen.ecdf.empty();
    const auto level =
        LevelOf(has_ecdf ? chosen.ecdf : chosen.histogram, has_ecdf ? "--ecdf" : "--histogram");
    if (!level) return Unexpected<Error>(level.error());
    const std::vector<Distribution> figures = DistributionsOf(**level, requests_);
    if (figures.empty()) return NoRequests((*level)->cell);
    DistributionCaption caption;
    caption.title = fmt::format("Latencies of the requests at {}", DescribeCell((*level)->cell));
    caption.details = DetailsOf(caption_);
    caption.noun = "requests";
    caption.has_ecdf = has_ecdf;
    caption.has_histogram = !chosen.histogram.empty();
    return Write(DrawPictures(options_, [&](PictureFormat /*format*/, const Font& font) {
      return LayOutDistributions(figures, caption, font);
    }));
  }

  Expected<ExitCode, Error> DrawTimeline(const std::string& text) {
    const auto window = WindowOf(text);
    if (!window) return Unexpected<Error>(window.error());
    const Cell& cell = window->first;
    const Sample* const sample = window->second;
    const auto found = requests_.find(sample->id);
    if (found == requests_.end()) return NoRequests(cell);
    const auto telemetry = ReadTelemetryFile(file_system_, options_.results, sample->id);
    if (!telemetry) return Unexpected<Error>(ToSessionError(telemetry.error()));
    return Write(DrawPictures(options_, [&](PictureFormat /*format*/, const Font& font) {
      return LayOutTimeline(*sample->window, found->second, cell, caption_, font,
                            telemetry->value_or(TelemetryRecord()));
    }));
  }

  // The level that `text` names; an error where there is none, or where several series have it.
  Expected<const CellResult*, Error> LevelOf(const std::string& text, const char* option) const {
    const auto value = ParseValue(Traffic(), text);
    std::vector<const CellResult*> levels;
    std::vector<std::string> known;
    for (const CellResult& result : results_) {
      if (value && result.cell[Traffic()] == *value) levels.push_back(&result);
      const std::string name = FormatValue(Traffic(), result.cell[Traffic()]);
      if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    }
    if (levels.empty()) {
      return Usage(fmt::format("{} {}: there is no such level; {} is one of {}", option,
                               Printable(text, false), KeyOf(Traffic()), fmt::join(known, ", ")));
    }
    if (levels.size() > 1) {
      std::vector<std::string> names;
      for (const CellResult* level : levels)
        names.push_back("--where " + WhereOf(CommonOf(*level)));
      return Usage(fmt::format("{} {} is a level of {} series; choose one: {}", option,
                               Printable(text, false), levels.size(), fmt::join(names, ", or ")));
    }
    return levels.front();
  }

  // Of a sample, whether it counts or not; of a level its first window that counts.
  [[nodiscard]] Expected<std::pair<Cell, const Sample*>, Error> WindowOf(
      const std::string& text) const {
    for (const CellResult& result : store_.results()) {
      for (const Sample& sample : result.samples) {
        if (sample.window && sample.id == text) return std::pair(result.cell, &sample);
      }
    }
    const auto level = LevelOf(text, "--timeline");
    if (!level) return Unexpected<Error>(level.error());
    for (const Sample* sample : CountedOf(**level)) {
      if (sample->window) return std::pair((*level)->cell, sample);
    }
    return NoRequests((*level)->cell);
  }

  [[nodiscard]] Cell CommonOf(const CellResult& level) const {
    return level.cell.With(Traffic(), kAutoValue);
  }

  // Of what distinguishes the series: "num_ctx=4096 --where num_predict=16".
  [[nodiscard]] std::string WhereOf(const Cell& common) const {
    std::vector<std::string> parts;
    for (const ParameterInfo& info : AllParameters()) {
      const int value = common[info.parameter];
      const bool differs =
          info.parameter != Traffic() &&
          std::any_of(results_.begin(), results_.end(),
                      [&](const CellResult& other) { return other.cell[info.parameter] != value; });
      if (differs)
        parts.push_back(fmt::format("{}={}", info.key, FormatValue(info.parameter, value)));
    }
    return fmt::format("{}", fmt::join(parts, " --where "));
  }

  [[nodiscard]] Parameter Other() const {
    return is_open_ ? Parameter::kConcurrency : Parameter::kRequestRate;
  }

  [[nodiscard]] std::size_t WindowsWithoutRequests() const {
    std::size_t lost = 0;
    for (const CellResult& result : results_) {
      for (const Sample* sample : CountedOf(result)) {
        if (sample->window && !requests_.contains(sample->id)) ++lost;
      }
    }
    return lost;
  }

  [[nodiscard]] Unexpected<Error> NoRequests(const Cell& cell) const {
    return Fail(ExitCode::kNoCell,
                fmt::format("the requests of {} are not in {}; copy that folder beside the results",
                            DescribeCell(cell), BulkFolderOf(options_.results).string()));
  }

  Expected<ExitCode, Error> Write(const Expected<std::vector<MadeFile>, Error>& files) {
    if (!files) return Unexpected<Error>(files.error());
    if (const auto ok = WriteFiles(file_system_, *files); !ok) return Unexpected<Error>(ok.error());
    return ExitCode::kDone;
  }

  FileSystem& file_system_;
  const ResultsStore& store_;
  const ReportOptions& options_;
  Slice slice_;
  SweepCaption caption_;
  RequestsOfWindows requests_;
  std::vector<CellResult> results_;  ///< that are drawn, all with a window
  bool is_open_ = false;
  std::size_t leaves_out_ = 0;  ///< levels of the other kind
};

}  // namespace

Expected<ExitCode, SessionError> MakeLoadPlot(FileSystem& file_system, const ResultsStore& store,
                                              const ReportOptions& options,
                                              const LoadPlotOptions& chosen) {
  return LoadPlotter(file_system, store, options).Make(chosen);
}

}  // namespace ollama_bench
