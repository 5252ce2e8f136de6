#pragma once

#include <libpq-fe.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/export/postgres.h"

namespace ollama_bench {

/// A connection to a PostgreSQL server by libpq. Its messages never hold the password. Not
/// thread-safe.
class PostgresConnection {
 public:
  /// Waits for ten seconds at most where neither `url` nor PGCONNECT_TIMEOUT say how long. `stop`
  /// must outlive the object.
  static Expected<PostgresConnection, PostgresError> Open(const std::string& url,
                                                          const StopRequest& stop);

  /// "bench on 127.0.0.1:5432"
  [[nodiscard]] std::string Name() const;
  /// How many rows the statement inserted or changed. A stop cancels it.
  Expected<std::size_t, PostgresError> Execute(const std::string& statement);
  /// `statement` is a COPY … FROM STDIN, `rows` writes its lines.
  Expected<void, PostgresError> Copy(
      const std::string& statement,
      const std::function<void(const std::function<void(std::string_view)>&)>& rows);

 private:
  struct Closer {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct Clearer {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Connection = std::unique_ptr<PGconn, Closer>;
  using Result = std::unique_ptr<PGresult, Clearer>;

  PostgresConnection(Connection connection, const StopRequest& stop)
      : connection_(std::move(connection)), stop_(&stop) {}

  static PostgresError CannotConnect(PGconn* connection, const std::vector<const char*>& keys,
                                     const std::vector<const char*>& values);
  Result Await();
  [[nodiscard]] PostgresError ErrorOf(const PGresult* result) const;

  Connection connection_;
  const StopRequest* stop_;
};

}  // namespace ollama_bench
