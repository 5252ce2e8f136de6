#pragma once

#include <cstddef>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/export/export_input.h"

namespace ollama_bench {

/// What an export to a database came to.
struct PostgresSummary {
  std::string database;        ///< "bench on 127.0.0.1:5432"
  std::size_t benchmarks = 0;  ///< that the input has
  std::size_t records = 0;     ///< records of it: samples, failed visits and prompts
  std::size_t changed = 0;     ///< rows that the database did not have, or had otherwise
};

struct PostgresError {
  bool is_usage = false;  ///< the URL is none
  std::string message;    ///< one line: what failed, and what to do; never a password
};

/// Writes `input` into the tables of the schema ollama_bench (docs/dashboard.md) in one
/// transaction: all of it or nothing. Rows that are there already are replaced where they differ,
/// so that an export may be repeated, also after one that was killed. Exports at the same time wait
/// for each other. `url` is what libpq takes: a URL or "KEY=VALUE …", empty for what the
/// environment names. Once `stop` is requested nothing is written.
Expected<PostgresSummary, PostgresError> ExportToPostgres(const std::string& url,
                                                          const ExportInput& input,
                                                          const StopRequest& stop);

}  // namespace ollama_bench
