#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/slice.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/picture.h"

// Checks of option values that several commands share.

namespace ollama_bench {

/// "5%", "5 %" or "5" as 0.05: a loss that an option allows, above 0 and below 100 per cent. An
/// error in words otherwise.
Expected<double, std::string> ParsePercent(const std::string& text);

/// The error alone, as a check of CLI11 has it: empty where `text` is fine.
std::string CheckPercent(const std::string& text);

/// Checks of CLI11 for a whole number from `lowest`, and for a number between two bounds.
std::function<std::string(const std::string&)> CheckCount(std::uint64_t lowest);
std::function<std::string(const std::string&)> CheckNumber(double lowest, double highest);

/// The keys of a table, as an option may name them.
template <class Table>
std::vector<std::string> KeysOf(const Table& table) {
  std::vector<std::string> keys;
  for (const auto& entry : table) keys.emplace_back(entry.key);
  return keys;
}

/// Which tables of an experiment a command shows.
struct SliceOptions {
  std::string across;  ///< keys of parameters; empty: chosen
  std::string down;
  std::vector<std::string> where;  ///< "KEY=VALUE"
};
/// Of tables: --across, --down and --where.
void AddTableOptions(CLI::App& app, SliceOptions& options);
/// Of a plot of lines: --across and --where.
void AddLineOptions(CLI::App& app, SliceOptions& options);
/// Of checked options.
Slice SliceOf(const SliceOptions& options);

/// Why `name` is no name for a picture; empty where it is one.
inline std::string CheckPictureName(const std::string& name) {
  if (PictureFormatFromExtension(std::filesystem::path(name).extension().string())) return {};
  return fmt::format("{}: a picture ends in .png, .svg or .pdf", name);
}

}  // namespace ollama_bench
