#include "html_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string_view>
#include <type_traits>

#include "html_style.h"
#include "html_writer.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/core/version.h"
#include "ollama_bench/render/picture.h"

namespace ollama_bench {
namespace {

// A longer table is folded away, for it hides what follows.
constexpr std::size_t kLongTable = 24;

std::string_view ClassOf(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "good";
    case Tone::kWarning:
      return "warning";
    case Tone::kQuiet:
      return "quiet";
    case Tone::kPlain:
      break;
  }
  return "";
}

// "378.2", "-1.3 [-2.2, 0.6]", "-", "4 [3, 5]": texts that line up at the right.
bool IsFigure(std::string_view text) {
  if (text.empty() || text == "-") return true;
  const auto first = static_cast<unsigned char>(text.front());
  return std::isdigit(first) != 0 ||
         ((text.front() == '-' || text.front() == '+') && text.size() > 1 &&
          std::isdigit(static_cast<unsigned char>(text[1])) != 0);
}

// Which columns hold figures alone.
std::vector<bool> FigureColumns(const Table& table) {
  std::vector<bool> are(table.headings.size(), true);
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) are[i] = are[i] && IsFigure(row[i]);
  }
  return are;
}

class PageWriter {
 public:
  std::string Write(const Document& document) {
    html_.Raw("<!DOCTYPE html>\n");
    html_.Open("html", {{"lang", "en"}});
    html_.Line();
    WriteHead(document);
    html_.Open("body");
    html_.Line();
    WriteTop(document);
    html_.Open("main");
    for (std::size_t i = 0; i < document.chapters.size(); ++i) {
      WriteChapter(document.chapters[i], i + 1, document.chapters.size() > 1);
    }
    html_.Close();
    html_.Element("footer", fmt::format("Made by ollama-bench {}{}{}.", kVersion,
                                        document.made.empty() ? "" : ", ", document.made));
    html_.Open("script");
    html_.Raw(kPageScript);
    html_.Close();
    html_.Close();
    html_.Close();
    return html_.Take();
  }

  void operator()(const Paragraph& paragraph) {
    std::istringstream lines(paragraph.text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) {
        html_.Element("p", line, {{"class", std::string(ClassOf(paragraph.tone))}});
      }
    }
  }

  void operator()(const Verdicts& answer) {
    html_.Open("p", {{"class", "answer"}});
    if (!answer.verdict.empty()) {
      html_.Element("strong", answer.verdict,
                    {{"class", fmt::format("verdict {}", ClassOf(answer.tone))}});
      html_.Text(" ");
    }
    html_.Text(answer.sentence);
    html_.Close();
  }

  void operator()(const Copyable& lines) {
    html_.Open("div", {{"class", "copy"}});
    html_.Element("pre", lines.text);
    html_.Close();
  }

  void operator()(const Tiles& tiles) {
    if (tiles.tiles.empty()) return;
    html_.Open("dl", {{"class", "tiles"}});
    for (const Tile& tile : tiles.tiles) {
      html_.Open("div");
      html_.Element("dt", tile.label);
      html_.Element("dd", tile.value, {{"class", "value"}});
      if (!tile.detail.empty()) html_.Element("dd", tile.detail, {{"class", "detail"}});
      html_.Close();
    }
    html_.Close();
  }

  void operator()(const Facts& facts) {
    html_.Open("table", {{"class", "facts"}});
    html_.Open("tbody");
    for (const auto& [name, value] : facts.rows) {
      html_.Open("tr");
      html_.Element("th", name, {{"scope", "row"}});
      html_.Element("td", value);
      html_.Close();
    }
    html_.Close();
    html_.Close();
  }

  void operator()(const Points& points) {
    html_.Open("ul", {{"class", "points"}});
    for (const auto& [topic, text] : points.points) {
      html_.Open("li");
      if (!topic.empty()) {
        html_.Element("strong", topic + ":");
        html_.Text(" ");
      }
      html_.Text(text);
      html_.Close();
    }
    html_.Close();
  }

  void operator()(const Table& table) {
    const bool is_long = table.rows.size() > kLongTable;
    if (is_long) {
      html_.Open("details");
      html_.Element("summary", fmt::format("{} ({} rows)", table.title, table.rows.size()));
    } else if (!table.title.empty()) {
      html_.Element("h4", table.title);
    }
    html_.Open("div", {{"class", "scroll"},
                       {"tabindex", "0"},
                       {"role", "region"},
                       {"aria-label", table.title.empty() ? "table" : table.title}});
    WriteRows(table);
    html_.Close();
    if (is_long) html_.Close();
  }

  void operator()(const Drawing& drawing) {
    // Below this the texts of a picture cannot be read: then it scrolls.
    constexpr double kNarrowest = 0.72;
    html_.Open("figure",
               {{"class", "scroll"},
                {"tabindex", "0"},
                {"style", fmt::format("--natural:{:.0f}px;--narrowest:{:.0f}px",
                                      drawing.scene.width, kNarrowest * drawing.scene.width)}});
    html_.Raw(RenderInlineSvg(drawing.scene, fmt::format("picture-{}", ++pictures_)));
    html_.Close();
  }

  void operator()(const Fold& fold) {
    html_.Open("details");
    html_.Element("summary", fold.title);
    WriteBlocks(fold.blocks);
    html_.Close();
  }

 private:
  void WriteHead(const Document& document) {
    html_.Open("head");
    html_.Line();
    html_.Void("meta", {{"charset", "utf-8"}});
    // Whatever a text of the results may do, the page loads nothing and runs its own script alone.
    html_.Void("meta", {{"http-equiv", "Content-Security-Policy"},
                        {"content", fmt::format("default-src 'none'; img-src data:; style-src "
                                                "'unsafe-inline'; script-src 'sha256-{}'",
                                                Sha256Base64(kPageScript))}});
    html_.Void("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
    html_.Void("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
    html_.Void("meta",
               {{"name", "generator"}, {"content", fmt::format("ollama-bench {}", kVersion)}});
    html_.Void("link", {{"rel", "icon"}, {"href", "data:,"}});
    html_.Element("title", document.title);
    html_.Open("style");
    html_.Raw(kPageStyle);
    html_.Close();
    html_.Close();
  }

  // What is common to all, and where each is.
  void WriteTop(const Document& document) {
    if (document.chapters.size() < 2) return;
    html_.Open("header");
    html_.Element("h1", document.title);
    html_.Open("nav", {{"aria-label", "Contents"}});
    html_.Open("ol", {{"class", "contents"}});
    for (std::size_t i = 0; i < document.chapters.size(); ++i) {
      const Chapter& chapter = document.chapters[i];
      html_.Open("li");
      html_.Element("a", chapter.title, {{"href", fmt::format("#file-{}", i + 1)}});
      html_.Element("span", " " + chapter.file, {{"class", "quiet"}});
      for (const Block& block : chapter.answer) {
        if (const auto* answer = std::get_if<Verdicts>(&block.content)) (*this)(*answer);
      }
      html_.Close();
    }
    html_.Close();
    html_.Close();
    html_.Close();
  }

  void WriteChapter(const Chapter& chapter, std::size_t number, bool is_one_of_several) {
    html_.Open("article", {{"id", fmt::format("file-{}", number)}});
    html_.Element(is_one_of_several ? "h2" : "h1", chapter.title);
    html_.Open("p", {{"class", "details"}});
    for (const std::string& badge : chapter.badges) {
      html_.Element("strong", badge, {{"class", "badge"}});
      html_.Text(" ");
    }
    html_.Text(fmt::format("{}", fmt::join(chapter.details, " · ")));
    html_.Close();
    html_.Open("div", {{"class", "card"}});
    WriteBlocks(chapter.answer);
    html_.Close();
    for (const Section& section : chapter.sections) {
      if (section.blocks.empty()) continue;
      html_.Open("section");
      html_.Element(is_one_of_several ? "h3" : "h2", section.title);
      WriteBlocks(section.blocks);
      html_.Close();
    }
    html_.Close();
  }

  void WriteBlocks(const std::vector<Block>& blocks) {
    for (const Block& block : blocks) std::visit(*this, block.content);
  }

  void WriteRows(const Table& table) {
    const std::vector<bool> are_figures = FigureColumns(table);
    const auto side = [&](std::size_t i) { return std::string(are_figures[i] ? "figure" : ""); };
    html_.Open("table", {{"class", table.rows.size() > 1 ? "sortable" : ""}});
    html_.Open("thead");
    html_.Open("tr");
    for (std::size_t i = 0; i < table.headings.size(); ++i) {
      html_.Element("th", table.headings[i], {{"scope", "col"}, {"class", side(i)}});
    }
    html_.Close();
    html_.Close();
    html_.Open("tbody");
    for (const auto& row : table.rows) {
      html_.Open("tr");
      for (std::size_t i = 0; i < table.headings.size(); ++i) {
        html_.Element("td", i < row.size() ? row[i] : std::string(), {{"class", side(i)}});
      }
      html_.Close();
    }
    html_.Close();
    html_.Close();
  }

  HtmlWriter html_;
  std::size_t pictures_ = 0;
};

}  // namespace

std::string WriteHtml(const Document& document) {
  return PageWriter().Write(document);
}

}  // namespace ollama_bench
