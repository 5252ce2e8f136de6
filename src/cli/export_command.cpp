#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command_line.h"
#include "ollama_bench/export/export_format.h"
#include "ollama_bench/export/export_input.h"
#include "ollama_bench/export/export_text.h"
#include "ollama_bench/export/postgres.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/store/prompt_lines.h"
#include "ollama_bench/store/telemetry_files.h"
#include "option_values.h"
#include "store_report.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

struct ExportOptions {
  std::vector<fs::path> results = {"benchmark_results.json"};
  std::string format;  ///< empty: by the ending of `output`
  fs::path output = "-";
  std::optional<std::string> postgres;
};

Expected<ExportedPass, SessionError> ReadPass(FileSystem& file_system, const fs::path& path) {
  ExportedPass pass;
  pass.path = path.string();
  const auto read = ReadPromptRecords(
      file_system, path, [&pass](PromptRecord record) { pass.Add(std::move(record)); });
  if (!read) return Unexpected<SessionError>(ToSessionError(read.error()));
  return pass;
}

Expected<ExportInput, SessionError> ReadInput(FileSystem& file_system,
                                              const ExportOptions& options) {
  ExportInput input;
  for (const fs::path& path : options.results) {
    if (path.string().find("://") != std::string::npos) {
      return Fail(ExitCode::kUsage, "a database is named by --postgres URL, not among RESULTS");
    }
    if (HoldsPrompts(path)) {
      auto pass = ReadPass(file_system, path);
      if (!pass) return Unexpected<SessionError>(pass.error());
      input.passes.push_back(std::move(*pass));
      continue;
    }
    auto store = ResultsStore::Load(file_system, path);
    if (!store) {
      return Unexpected<SessionError>(ToSessionError(NotResults(path, store.error())));
    }
    input.sweeps.push_back(std::move(*store));
  }
  return input;
}

ExportFormat FormatOf(const ExportOptions& options) {
  const auto format = options.format.empty()
                          ? ExportFormatFromExtension(options.output.extension().string())
                          : ExportFormatFromKey(options.format);
  return *format;
}

bool TakesReadings(const ExportOptions& options) {
  return options.postgres || FormatOf(options) == ExportFormat::kSql;
}

Expected<void, SessionError> ReadReadings(FileSystem& file_system, ExportInput& input) {
  for (const ResultsStore& store : input.sweeps) {
    for (const CellResult& result : store.results()) {
      for (const Sample& sample : result.samples) {
        if (!sample.telemetry) continue;
        auto readings = ReadTelemetryFile(file_system, store.path(), sample.id);
        if (!readings) return Unexpected<SessionError>(ToSessionError(readings.error()));
        if (*readings) input.readings.emplace(sample.id, std::move(**readings));
      }
    }
  }
  return {};
}

Expected<void, SessionError> WriteFile(FileSystem& file_system, const ExportOptions& options,
                                       const ExportInput& input) {
  const ExportFormat format = FormatOf(options);
  auto output = StreamedOutput::Open(
      file_system, {options.output, KindOf(format), "--output FILE", options.results});
  if (!output) return Unexpected<SessionError>(output.error());
  WriteExport(format, input, [&output](std::string_view text) { output->Write(text); });
  if (auto done = output->Finish(); !done) return done;
  Print(stderr, "wrote {}\n", options.output.string());
  return {};
}

Expected<void, SessionError> ExportToDatabase(const std::string& url, const ExportInput& input,
                                              const StopRequest& stop) {
  const auto summary = ExportToPostgres(url, input, stop);
  if (!summary) {
    const PostgresError& error = summary.error();
    return Fail(error.is_usage ? ExitCode::kUsage : ExitCode::kEnvironment, error.message);
  }
  Print(stdout, "{}: {} records of {} benchmarks; {} rows added or changed\n", summary->database,
        summary->records, summary->benchmarks, summary->changed);
  return {};
}

Expected<ExitCode, SessionError> Export(const ExportOptions& options, const StopRequest& stop) {
  PosixFileSystem file_system;
  auto input = ReadInput(file_system, options);
  if (!input) return Unexpected<SessionError>(input.error());
  Expected<void, SessionError> done;
  if (TakesReadings(options)) {
    if (auto read = ReadReadings(file_system, *input); !read) {
      return Unexpected<SessionError>(read.error());
    }
  }
  if (options.postgres) {
    done = ExportToDatabase(*options.postgres, *input, stop);
  } else if (options.output == "-") {
    WriteExport(FormatOf(options), *input,
                [](std::string_view text) { Print(stdout, "{}", text); });
  } else {
    done = WriteFile(file_system, options, *input);
  }
  if (!done) return Unexpected<SessionError>(done.error());
  return ExitCode::kDone;
}

// Which of the two ways, and that a format is known.
void CheckWay(const CLI::App& command, const ExportOptions& options) {
  const bool is_file = command.count("--format") + command.count("--output") > 0;
  if (options.postgres && is_file) {
    throw CLI::ValidationError("--postgres", "writes no file; leave out --format and --output");
  }
  if (options.postgres || !options.format.empty()) return;
  if (!is_file) throw CLI::RequiredError("--format or --postgres");
  if (ExportFormatFromExtension(options.output.extension().string())) return;
  throw CLI::ValidationError("--output", "its ending names no format; give --format");
}

}  // namespace

void AddExportCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand(
      "export", "Write samples as CSV, JSON lines, Markdown, SQL or metrics, or into PostgreSQL");
  command->footer(
      "A password is read from PGPASSWORD, ~/.pgpass or a service file. One in the URL works and\n"
      "is never printed, but others on this machine see it in the list of processes.\n"
      "docs/dashboard.md has the tables and a dashboard for Grafana.\n"
      "Example: ollama-bench export -o samples.csv\n"
      "         ollama-bench export --postgres postgresql://bench@localhost/bench");
  command
      ->add_option("RESULTS", options->results,
                   "Results of sweeps, or outputs of `prompts` [benchmark_results.json]")
      ->type_name("FILE");
  command->add_option("--format", options->format, "What to write [by the ending of --output]")
      ->check(CLI::IsMember(KeysOf(AllExportFormats())));
  command
      ->add_option("-o,--output", options->output,
                   "File to write, as a whole; without it standard output")
      ->type_name("FILE.csv|.jsonl|.md|.sql|.prom");
  command
      ->add_option(
          "--postgres", options->postgres,
          "Write into the tables of this database: a URL, or KEY=VALUE pairs, as libpq has it")
      ->type_name("URL");
  command->callback([options, command, &action, &stop] {
    CheckWay(*command, *options);
    action = [options, &stop] { return FinishCommand(Export(*options, stop)); };
  });
}

}  // namespace ollama_bench
