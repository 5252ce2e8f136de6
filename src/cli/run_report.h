#pragma once

#include <cstdio>
#include <filesystem>
#include <span>
#include <string>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/identity.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/render/terminal_style.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// What a sweep is about to do.
struct RunHeader {
  const SweepConfig& config;
  const Metadata& metadata;
  const Pending& pending;
  std::string present_setting;  ///< to be measured first, in words; empty: none is
  std::string server;           ///< URL
  std::string prompt;           ///< as SessionPrompt describes it
  std::string time_needed;      ///< "about 20 min", or why it is not known
  std::filesystem::path results;
};

/// From where a header's line begins to where its value does.
inline constexpr std::size_t kHeaderIndent = 13;

/// "ollama-bench 0.1.0: smollm2 on Ollama 0.11.4 at http://127.0.0.1:11434", with a line end; what
/// is not known is left out.
std::string HeaderTitle(const Identity& identity, const std::string& place);

/// Model, version, ranges, number of cells, order, prompt and time, a line each.
std::string RunHeaderText(const RunHeader& header);

/// "about 20 min (2.1 min a cell so far)", by the cells that were measured; or why it is not known.
std::string DescribeTimeNeeded(std::size_t visits, std::span<const CellResult> measured);

/// Best cell, statistics, failures by kind, the two PARAMETER lines, what to do next.
std::string RunReportText(const std::filesystem::path& results, const StoredReport& report,
                          const TerminalStyle& style);
/// The same as one line of JSON: {"event":"end", …}.
std::string RunReportJson(const StoredReport& report);

}  // namespace ollama_bench
