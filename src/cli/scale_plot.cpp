#include "scale_plot.h"

#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "ollama_bench/analysis/scale_report.h"
#include "ollama_bench/analysis/slice.h"
#include "ollama_bench/render/line_scene.h"
#include "ollama_bench/render/scale_scene.h"
#include "ollama_bench/render/scale_text.h"
#include "terminal.h"

namespace ollama_bench {

Expected<ExitCode, SessionError> MakeScalePlot(FileSystem& file_system, const ResultsStore& store,
                                               const ReportOptions& options) {
  std::vector<CellResult> results = store.results();
  const Slice slice = SliceOf(options.slice);
  std::erase_if(results,
                [&slice](const CellResult& result) { return !IsChosen(result.cell, slice); });
  const auto series = ScaleOf(results);
  if (series.empty()) {
    return Fail(ExitCode::kNoCell,
                fmt::format("{}: no cell says how long its prompt is; `scale` measures such cells",
                            options.results.string()));
  }
  if (series.size() > kMostLines) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} series would be as many lines, and {} can be distinguished: choose "
                            "some with --where",
                            series.size(), kMostLines));
  }
  const SweepCaption caption = MakeCaption(store.metadata());
  const auto files = DrawPictures(options, [&](PictureFormat /*format*/, const Font& font) {
    return LayOutScale(series, caption, {}, font);
  });
  if (!files) return Unexpected<SessionError>(files.error());
  if (options.json) Print(stdout, "{}\n", ScaleJson(series, {}).dump());
  if (!options.json) Print(stdout, "{}", RenderScaleText(series, {}));
  if (const auto ok = WriteFiles(file_system, *files); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  return ExitCode::kDone;
}

}  // namespace ollama_bench
