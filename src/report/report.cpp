#include "ollama_bench/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chapters.h"
#include "html_page.h"
#include "markdown_writer.h"

namespace ollama_bench {
namespace {

Document DocumentOf(std::span<const ReportSource> sources, const ReportCaption& caption,
                    const Font* font) {
  Document document{caption.title, caption.made, {}};
  for (const ReportSource& source : sources) {
    if (const auto* sweep = std::get_if<ReportedSweep>(&source)) {
      document.chapters.push_back(SweepChapter(*sweep, font));
    } else {
      document.chapters.push_back(PromptsChapter(std::get<ReportedPrompts>(source), font));
    }
  }
  if (document.title.empty()) {
    document.title = document.chapters.size() == 1
                         ? fmt::format("{}: ollama-bench", document.chapters.front().title)
                         : fmt::format("{} results of ollama-bench", document.chapters.size());
  }
  return document;
}

}  // namespace

std::string RenderHtmlReport(std::span<const ReportSource> sources, const ReportCaption& caption,
                             const Font& font) {
  return WriteHtml(DocumentOf(sources, caption, &font));
}

std::string RenderMarkdownReport(std::span<const ReportSource> sources,
                                 const ReportCaption& caption) {
  return WriteMarkdown(DocumentOf(sources, caption, nullptr));
}

}  // namespace ollama_bench
