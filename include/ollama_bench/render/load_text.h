#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/core/traffic.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/text_columns.h"

namespace ollama_bench {

/// What the levels of load show, for people, at most 80 columns wide: a table of each series, the
/// averages of a request where lengths were varied, failures and checks that did not pass, and in
/// a sentence what the server carries. `num_parallel` is the server's setting, where it is known.
std::string RenderLoadText(const std::vector<LoadSeries>& series,
                           const std::optional<std::string>& num_parallel);

/// Knee and capacity of one series in sentences, without line ends; empty where it has neither.
std::string LoadSentences(const LoadSeries& series);

/// A row for each level that was measured.
TextColumns LevelColumns(const LoadSeries& series);

/// Averages of a request: a row for each value of `length` and level; empty where it has fewer than
/// two values.
std::optional<TextColumns> LengthColumns(const std::vector<LoadSeries>& all, Parameter length);

/// Failures and checks that did not pass, a line each.
std::vector<std::string> LoadProblems(const LoadSeries& series);

/// The same as RenderLoadText for programs: {"event":"answer","levels":[…],"knee":…,"capacity":…};
/// of several series "knee" and "capacity" are null, and "series" has those of each.
ReportJson LoadJson(const std::vector<LoadSeries>& series);

}  // namespace ollama_bench
