#include "sql_schema.h"

#include <fmt/format.h>

#include <array>

#include "ollama_bench/core/version.h"

namespace ollama_bench {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE ollama_bench.schema_version (
  version integer PRIMARY KEY,
  tool_version text NOT NULL,
  migrated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ollama_bench.benchmarks (
  benchmark_id text PRIMARY KEY,
  tool_version text,
  ollama_version text,
  model text,
  model_digest text,
  workload text,
  host text,
  repository text,
  branch text,
  commit_id text,
  commit_message text,
  metadata jsonb NOT NULL,
  created_at timestamptz
);
CREATE TABLE ollama_bench.model_measurements (
  benchmark_id text NOT NULL REFERENCES ollama_bench.benchmarks ON DELETE CASCADE,
  record text NOT NULL,
  sample_id text NOT NULL,
  "time" timestamptz,
  counted boolean NOT NULL,
  cell text NOT NULL,
  measurements jsonb NOT NULL,
  PRIMARY KEY (record, sample_id)
);
CREATE TABLE ollama_bench.device_measurements (
  benchmark_id text NOT NULL REFERENCES ollama_bench.benchmarks ON DELETE CASCADE,
  sample_id text NOT NULL,
  reading integer NOT NULL,
  device text NOT NULL,
  "time" timestamptz,
  cpu_util double precision,
  mem_megabytes double precision,
  gpu_util double precision,
  gpu_mem_megabytes double precision,
  power double precision,
  PRIMARY KEY (sample_id, reading, device)
);
)";

constexpr const char* kViewAndIndexes = R"(
CREATE INDEX ON ollama_bench.model_measurements ("time");
CREATE INDEX ON ollama_bench.model_measurements (benchmark_id);
CREATE INDEX ON ollama_bench.device_measurements ("time");
CREATE INDEX ON ollama_bench.device_measurements (benchmark_id);
CREATE VIEW ollama_bench.samples AS
SELECT m.record, m.sample_id, m."time", m.counted, m.cell, m.benchmark_id,
  COALESCE(m.measurements->>'model', b.model) AS model, b.model_digest, b.ollama_version,
  b.tool_version, b.workload, b.host, b.repository, b.branch, b.commit_id, b.commit_message,
  b.created_at,
  m.measurements->>'role' AS role,
  (m.measurements->>'num_ctx')::bigint AS num_ctx,
  (m.measurements->>'num_batch')::bigint AS num_batch,
  (m.measurements->>'concurrency')::bigint AS concurrency,
  (m.measurements->>'prompt_eval_rate')::double precision AS prompt_eval_rate,
  (m.measurements->>'eval_rate')::double precision AS eval_rate,
  (m.measurements->>'output_tokens_per_s')::double precision AS output_tokens_per_s,
  (m.measurements->>'requests_per_s')::double precision AS requests_per_s,
  COALESCE(m.measurements->>'ttft_s', m.measurements->>'ttft_p50_s')::double precision AS ttft_s,
  (m.measurements->>'tpot_s')::double precision AS tpot_s,
  (m.measurements->>'total_s')::double precision AS total_s,
  (m.measurements->>'load_s')::double precision AS load_s,
  (m.measurements->>'joules_per_token')::double precision AS joules_per_token,
  COALESCE((m.measurements->>'requests_failed')::bigint, 0) AS requests_failed,
  m.measurements->>'failure' AS failure,
  m.measurements->>'failure_message' AS failure_message,
  m.measurements
FROM ollama_bench.model_measurements m JOIN ollama_bench.benchmarks b USING (benchmark_id);
)";

// What leads to version 1, 2 and so on.
constexpr std::array kSteps = {kTables, kViewAndIndexes};
static_assert(kSteps.size() == kSqlSchemaVersion);

std::string StepsText() {
  std::string text;
  for (std::size_t i = 0; i < kSteps.size(); ++i) {
    text += fmt::format(
        "  IF present_version < {0} THEN\n{1}"
        "INSERT INTO ollama_bench.schema_version (version, tool_version) VALUES ({0}, '{2}');\n"
        "  END IF;\n",
        i + 1, kSteps[i], kVersion);
  }
  return text;
}

constexpr const char* kVersionCheck = R"(
  IF to_regclass('ollama_bench.schema_version') IS NOT NULL THEN
    SELECT COALESCE(max(version), 0) INTO present_version FROM ollama_bench.schema_version;
  ELSIF EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace('ollama_bench')) THEN
    present_version := 0;
  ELSE
    IF to_regnamespace('ollama_bench') IS NULL THEN
      CREATE SCHEMA ollama_bench;
    END IF;
    present_version := -1;
  END IF;
  IF present_version = 0 THEN
    RAISE EXCEPTION USING ERRCODE = '{others}', MESSAGE =
      'the schema ollama_bench holds tables but no version, so ollama-bench did not make them; '
      'rename that schema, or export into another database';
  END IF;
  IF present_version > {newest} THEN
    RAISE EXCEPTION USING ERRCODE = '{newer}', MESSAGE =
      'the schema ollama_bench has version ' || present_version || ', which a newer ollama-bench '
      'made; this one knows versions up to {newest}: export with that one';
  END IF;
)";

}  // namespace

std::string SchemaStatement() {
  const std::string check =
      fmt::format(fmt::runtime(kVersionCheck), fmt::arg("others", kSchemaIsOthers),
                  fmt::arg("newer", kSchemaIsNewer), fmt::arg("newest", kSqlSchemaVersion));
  return fmt::format("DO $migrate$\nDECLARE\n  present_version integer;\nBEGIN{}{}END\n$migrate$",
                     check, StepsText());
}

}  // namespace ollama_bench
