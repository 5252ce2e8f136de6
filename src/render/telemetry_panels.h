#pragma once

#include <string>
#include <vector>

#include "ollama_bench/core/telemetry.h"
#include "ollama_bench/render/ink.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// A figure over time: x is seconds since the measured stretch began, y the value. Several pieces
/// where readings between them do not have it.
struct TelemetryLine {
  std::string name;  ///< of what has the figure: "the server"
  Ink ink;
  double dash = 0;
  std::vector<Polyline> pieces;
};

struct TelemetryPanel {
  std::string name;  ///< with its unit
  double top = 1;    ///< of the scale, which begins at 0
  std::vector<TelemetryLine> lines;
};

/// The use of CPUs and of GPUs, memory and power, as far as the readings have them. A line of one
/// name looks the same in each. Many GPUs are one line: their mean use, the sum of the rest.
std::vector<TelemetryPanel> PlanTelemetryPanels(const TelemetryRecord& record);

}  // namespace ollama_bench
