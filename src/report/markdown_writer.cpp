#include "markdown_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "ollama_bench/core/text.h"
#include "ollama_bench/core/version.h"
#include "ollama_bench/render/markup.h"
#include "ollama_bench/report/report.h"

namespace ollama_bench {
namespace {

// One line in which no character is markup.
std::string Escaped(std::string_view text) {
  std::string result;
  for (const char c : Printable(text, false)) {
    if (c == '<') {
      result += "&lt;";
    } else if (c == '&') {
      result += "&amp;";
    } else {
      if (std::string_view("\\`*_[]|#~").find(c) != std::string_view::npos) result += '\\';
      result += c;
    }
  }
  return result;
}

class MarkdownWriter {
 public:
  std::string Write(const Document& document) {
    out_ = fmt::format("{} {} -->\n\n", kMarkdownReportStart, kVersion);
    const bool is_one = document.chapters.size() == 1;
    if (!is_one) {
      out_ += "# " + Escaped(document.title) + "\n\n";
      for (const Chapter& chapter : document.chapters) WriteContents(chapter);
    }
    for (const Chapter& chapter : document.chapters) WriteChapter(chapter, is_one ? 1 : 2);
    out_ += fmt::format("Made by ollama-bench {}{}{}.\n", kVersion,
                        document.made.empty() ? "" : ", ", Escaped(document.made));
    return std::move(out_);
  }

  void operator()(const Paragraph& paragraph) {
    std::istringstream lines(paragraph.text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) out_ += Escaped(line) + "\n\n";
    }
  }

  void operator()(const Verdicts& answer) { out_ += Sentence(answer) + "\n\n"; }

  void operator()(const Copyable& lines) {
    // The fence is longer than any in the text.
    std::string fence = "```";
    const std::string text = Printable(lines.text);
    while (text.find(fence) != std::string::npos) fence += '`';
    out_ += fmt::format("{}\n{}\n{}\n\n", fence, text, fence);
  }

  void operator()(const Tiles& tiles) {
    if (tiles.tiles.empty()) return;
    Table table{"", {"", "", ""}, {}};
    for (const Tile& tile : tiles.tiles)
      table.rows.push_back({tile.label, tile.value, tile.detail});
    (*this)(table);
  }

  void operator()(const Facts& facts) {
    Table table{"", {"", ""}, {}};
    for (const auto& [name, value] : facts.rows) table.rows.push_back({name, value});
    (*this)(table);
  }

  void operator()(const Points& points) {
    for (const auto& [topic, text] : points.points) {
      out_ += "- ";
      if (!topic.empty()) out_ += fmt::format("**{}:** ", Escaped(topic));
      out_ += Escaped(text) + "\n";
    }
    out_ += "\n";
  }

  void operator()(const Table& table) {
    if (!table.title.empty()) out_ += fmt::format("**{}**\n\n", Escaped(table.title));
    WriteRow(table.headings, table.headings.size());
    out_ += "|";
    for (std::size_t i = 0; i < table.headings.size(); ++i) out_ += " --- |";
    out_ += "\n";
    for (const auto& row : table.rows) WriteRow(row, table.headings.size());
    out_ += "\n";
  }

  void operator()(const Drawing& /*drawing*/) {}

  void operator()(const Fold& fold) {
    out_ += fmt::format("<details><summary>{}</summary>\n\n", EscapeMarkup(fold.title));
    for (const Block& block : fold.blocks) std::visit(*this, block.content);
    out_ += "</details>\n\n";
  }

 private:
  static std::string Sentence(const Verdicts& answer) {
    if (answer.verdict.empty()) return Escaped(answer.sentence);
    return fmt::format("**{}** {}", answer.verdict, Escaped(answer.sentence));
  }

  void WriteContents(const Chapter& chapter) {
    out_ += fmt::format("- {} ({})", Escaped(chapter.title), Escaped(chapter.file));
    for (const Block& block : chapter.answer) {
      if (const auto* answer = std::get_if<Verdicts>(&block.content)) {
        out_ += ": " + Sentence(*answer);
        break;
      }
    }
    out_ += "\n";
  }

  void WriteChapter(const Chapter& chapter, int level) {
    const std::string hashes(static_cast<std::size_t>(level), '#');
    out_ += fmt::format("\n{} {}\n\n", hashes, Escaped(chapter.title));
    std::string details;
    for (const std::string& badge : chapter.badges) details += fmt::format("**{}** ", badge);
    for (const std::string& detail : chapter.details) {
      details += (&detail == &chapter.details.front() ? "" : " · ") + Escaped(detail);
    }
    out_ += details + "\n\n";
    for (const Block& block : chapter.answer) std::visit(*this, block.content);
    for (const Section& section : chapter.sections) {
      if (section.blocks.empty()) continue;
      out_ += fmt::format("{}# {}\n\n", hashes, Escaped(section.title));
      for (const Block& block : section.blocks) std::visit(*this, block.content);
    }
  }

  void WriteRow(const std::vector<std::string>& row, std::size_t columns) {
    out_ += "|";
    for (std::size_t i = 0; i < columns; ++i) {
      out_ += fmt::format(" {} |", i < row.size() ? Escaped(row[i]) : std::string());
    }
    out_ += "\n";
  }

  std::string out_;
};

}  // namespace

std::string WriteMarkdown(const Document& document) {
  return MarkdownWriter().Write(document);
}

}  // namespace ollama_bench
