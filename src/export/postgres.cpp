#include "ollama_bench/export/postgres.h"

#if OLLAMA_BENCH_HAS_LIBPQ
#include <optional>

#include "postgres_connection.h"
#include "records.h"
#include "sql_script.h"
#endif

namespace ollama_bench {

#if OLLAMA_BENCH_HAS_LIBPQ

namespace {

class PostgresTarget : public SqlTarget {
 public:
  explicit PostgresTarget(PostgresConnection& connection) : connection_(connection) {}

  bool Execute(const std::string& statement) override { return Run(statement).has_value(); }
  bool Insert(const std::string& statement) override {
    const auto rows = Run(statement);
    changed_ += rows.value_or(0);
    return rows.has_value();
  }
  bool Copy(const std::string& statement,
            const std::function<void(const TextSink&)>& rows) override {
    auto done = connection_.Copy(statement, rows);
    if (!done) error_ = std::move(done.error());
    return done.has_value();
  }
  [[nodiscard]] const std::optional<PostgresError>& error() const { return error_; }
  [[nodiscard]] std::size_t changed() const { return changed_; }

 private:
  std::optional<std::size_t> Run(const std::string& statement) {
    auto rows = connection_.Execute(statement);
    if (rows) return *rows;
    error_ = std::move(rows.error());
    return std::nullopt;
  }

  PostgresConnection& connection_;
  std::optional<PostgresError> error_;
  std::size_t changed_ = 0;
};

}  // namespace

Expected<PostgresSummary, PostgresError> ExportToPostgres(const std::string& url,
                                                          const ExportInput& input,
                                                          const StopRequest& stop) {
  auto connection = PostgresConnection::Open(url, stop);
  if (!connection) return Unexpected<PostgresError>(connection.error());
  const Records records(input);
  PostgresTarget target(*connection);
  if (!RunSqlScript(records, target)) return Unexpected<PostgresError>(*target.error());
  return PostgresSummary{connection->Name(), records.benchmarks().size(), records.all().size(),
                         target.changed()};
}

#else

Expected<PostgresSummary, PostgresError> ExportToPostgres(const std::string& /*url*/,
                                                          const ExportInput& /*input*/,
                                                          const StopRequest& /*stop*/) {
  return Unexpected<PostgresError>(PostgresError{
      false,
      "this ollama-bench was built without libpq: build it again where libpq-dev is installed, or "
      "pipe `export --format sql` into psql"});
}

#endif

}  // namespace ollama_bench
