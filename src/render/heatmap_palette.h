#pragma once

#include "ollama_bench/render/color.h"

// The colours of a heatmap that do not stand for values. What they mean is also told by a pattern,
// so that no one needs to tell them apart by hue.
namespace ollama_bench::palette {

inline constexpr Color kPaper = Rgb(0xFFFFFF);
inline constexpr Color kTitle = Rgb(0x1A1A1A);
inline constexpr Color kText = Rgb(0x333333);
inline constexpr Color kQuiet = Rgb(0x5E5E5E);
inline constexpr Color kTick = Rgb(0x8C8C8C);
inline constexpr Color kMark = Rgb(0x9C1C10);
inline constexpr Color kFailed = Rgb(0xFBEDEA);
inline constexpr Color kFailedLine = Rgb(0xE0A094);
inline constexpr Color kFailedText = Rgb(0x7A1C0E);
inline constexpr Color kUntested = Rgb(0xF5F5F5);
inline constexpr Color kUntestedLine = Rgb(0xCFCFCF);
inline constexpr Color kAlias = Rgb(0xE8EDF4);
inline constexpr Color kAliasLine = Rgb(0x6B7C92);
inline constexpr Color kBest = Rgb(0x000000);
inline constexpr Color kBestHalo = Rgb(0xFFFFFF);

}  // namespace ollama_bench::palette
