#include "picture_notes.h"

#include <utility>

#include "heatmap_palette.h"
#include "ollama_bench/core/text.h"
#include "text_fit.h"

namespace ollama_bench {
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

}  // namespace ollama_bench
