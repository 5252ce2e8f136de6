#pragma once

#include <string>
#include <vector>

#include "scene_builder.h"

namespace ollama_bench {

/// Sentences broken into the lines at the foot of a picture.
std::vector<std::string> WrapNotes(const std::vector<std::string>& sentences, double width,
                                   const Font& font);
double NotesHeight(const std::vector<std::string>& lines);
void DrawNotes(SceneBuilder& scene, const std::vector<std::string>& lines, Point top_left,
               double width);

}  // namespace ollama_bench
