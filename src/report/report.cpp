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

std::vector<ReportPicture> PicturesOf(const ReportSource& source, const Font& font) {
  const auto* sweep = std::get_if<ReportedSweep>(&source);
  const std::vector<Block> blocks = sweep != nullptr
                                        ? PictureBlocks(*sweep, ContentOf(*sweep), font)
                                        : PictureBlocks(std::get<ReportedPrompts>(source), font);
  std::vector<ReportPicture> pictures;
  for (const Block& block : blocks) {
    const auto& drawing = std::get<Drawing>(block.content);
    pictures.push_back({drawing.name, drawing.scene});
  }
  return pictures;
}

std::string RenderMarkdownReport(std::span<const ReportSource> sources,
                                 const ReportCaption& caption,
                                 const std::vector<std::vector<std::string>>& pictures) {
  Document document = DocumentOf(sources, caption, nullptr);
  for (std::size_t i = 0; i < std::min(pictures.size(), document.chapters.size()); ++i) {
    Section section{"Pictures", {}};
    for (const std::string& path : pictures[i]) section.blocks.emplace_back(Image{path});
    auto& sections = document.chapters[i].sections;
    sections.insert(sections.begin(), std::move(section));
  }
  return WriteMarkdown(document);
}

}  // namespace ollama_bench
