#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/sweep_answer.h"
#include "scene_builder.h"

namespace ollama_bench {

/// The lines at the foot of a picture: drift, noise, outliers. None without an answer.
std::vector<std::string> PlanNotes(const std::optional<SweepAnswer>& answer, double width,
                                   const Font& font);
/// Sentences broken into the lines of a note.
std::vector<std::string> WrapNotes(const std::vector<std::string>& sentences, double width,
                                   const Font& font);
double NotesHeight(const std::vector<std::string>& lines);
void DrawNotes(SceneBuilder& scene, const std::vector<std::string>& lines, Point top_left,
               double width);

}  // namespace ollama_bench
