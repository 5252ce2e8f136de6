#pragma once

#include "ollama_bench/render/ink.h"
#include "ollama_bench/render/scene.h"

// The colours of a heatmap that do not represent values. A pattern says the same, so that no one
// needs to distinguish them by hue.
namespace ollama_bench::palette {

inline constexpr Ink kPaper = kPaperInk;
inline constexpr Ink kTitle{Rgb(0x1A1A1A), Rgb(0xF2F3F5)};
inline constexpr Ink kText{Rgb(0x333333), Rgb(0xD5D8DD)};
inline constexpr Ink kQuiet{Rgb(0x5E5E5E), Rgb(0xA3A9B3)};
inline constexpr Ink kTick{Rgb(0x8C8C8C), Rgb(0x7A818C)};
inline constexpr Ink kBadge = Rgb(0x9C1C10);
inline constexpr Ink kBadgeText = Rgb(0xFFFFFF);
inline constexpr Ink kNeutral{Rgb(0xECECEE), Rgb(0x2A2D35)};
inline constexpr Ink kNeutralText{Rgb(0x5C6066), Rgb(0xA9AFBA)};
inline constexpr Ink kFailed{Rgb(0xFBEDEA), Rgb(0x2E1C1B)};
inline constexpr Ink kFailedLine{Rgb(0xD58F82), Rgb(0x9A5148)};
inline constexpr Ink kFailedText{Rgb(0x7A1C0E), Rgb(0xF0A79C)};
inline constexpr Ink kUntestedLine{Rgb(0xCFCFCF), Rgb(0x3A3F49)};
inline constexpr Ink kAlias{Rgb(0xE8EDF4), Rgb(0x222A36)};
inline constexpr Ink kAliasLine{Rgb(0x6B7C92), Rgb(0x7F91A8)};
inline constexpr Ink kOutline{Rgb(0x111111), Rgb(0xF2F3F5)};
inline constexpr Ink kRecommended{Rgb(0x0B5CAD), Rgb(0x62B0FF)};
inline constexpr Ink kCross = Rgb(0xD2281A);

}  // namespace ollama_bench::palette
