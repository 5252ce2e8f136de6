#pragma once

#include <string>
#include <vector>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/sweep_caption.h"
#include "scene_builder.h"

namespace ollama_bench {

/// The notes of a map, and what to know of letters that no font has.
std::vector<std::string> NoteTexts(const SweepMap& map, const SweepCaption& caption,
                                   const Font& font);

/// Sentences broken into the lines at the foot of a picture.
std::vector<std::string> WrapNotes(const std::vector<std::string>& sentences, double width,
                                   const Font& font);
double NotesHeight(const std::vector<std::string>& lines);
void DrawNotes(SceneBuilder& scene, const std::vector<std::string>& lines, Point top_left,
               double width);

}  // namespace ollama_bench
