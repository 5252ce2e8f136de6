#if OLLAMA_BENCH_HAS_LIBPQ

#include "postgres_connection.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "ollama_bench/core/text.h"
#include "postgres_error.h"

namespace ollama_bench {
namespace {

constexpr const char* kConnectTimeout = "10";  // seconds

// What a libpq function returns that the caller frees.
template <class T, void (*Free)(T*)>
struct Freer {
  void operator()(T* value) const { Free(value); }
};
using Options = std::unique_ptr<PQconninfoOption, Freer<PQconninfoOption, PQconninfoFree>>;

// Before the URL was read nobody knows which part of it is the password.
bool MayHoldPassword(const std::string& url) {
  return url.find('@') != std::string::npos || Lower(url).find("password") != std::string::npos;
}

PostgresError NoUrl(const std::string& url, char* reason) {
  std::string text =
      "--postgres is neither a URL postgresql://USER@HOST:PORT/DATABASE nor a list "
      "KEY=VALUE … as libpq reads them";
  if (reason != nullptr && !MayHoldPassword(url)) {
    text += fmt::format(": {}", OneLine(reason));
  } else {
    text += "; characters such as @ : / % in a password are written as %40 %3A %2F %25";
  }
  PQfreemem(reason);
  return {true, text};
}

// A password in which such characters are not escaped spills into host, port or database, and
// libpq's messages name these.
bool HasSpilled(const PQconninfoOption* options) {
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    const std::string_view key = option->keyword;
    const std::string_view value = option->val == nullptr ? "" : option->val;
    const bool is_place = key == "host" || key == "hostaddr" || key == "dbname";
    if (is_place && value.find('@') != std::string_view::npos) return true;
    const bool is_number = value.find_first_not_of("0123456789,") == std::string_view::npos;
    if (key == "port" && !is_number) return true;
  }
  return false;
}

std::string_view AdviceOnConnecting(PGconn* connection, PGPing ping) {
  if (PQconnectionNeedsPassword(connection) == 1) {
    return "give the password by PGPASSWORD, a service file or ~/.pgpass";
  }
  switch (ping) {
    case PQPING_NO_RESPONSE:
      return "no server answers there: start PostgreSQL, or name its host and port";
    case PQPING_REJECT:
      return "the server is starting or stopping: export again when it runs";
    default:
      return PQconnectionUsedPassword(connection) == 1
                 ? "check role and password (PGPASSWORD, the service file, ~/.pgpass), and that "
                   "the database exists"
                 : "check role and database (createdb NAME makes one)";
  }
}

}  // namespace

PostgresError PostgresConnection::CannotConnect(PGconn* connection,
                                                const std::vector<const char*>& keys,
                                                const std::vector<const char*>& values) {
  const std::string reason = OneLine(PQerrorMessage(connection));
  // PQping needs no password, and says whether anyone listens.
  const PGPing ping = PQpingParams(keys.data(), values.data(), /*expand_dbname=*/1);
  const std::string_view advice = AdviceOnConnecting(connection, ping);
  return {false, fmt::format("cannot connect to PostgreSQL: {}; {}", reason, advice)};
}

Expected<PostgresConnection, PostgresError> PostgresConnection::Open(const std::string& url,
                                                                     const StopRequest& stop) {
  char* reason = nullptr;
  const Options options(PQconninfoParse(url.c_str(), &reason));
  if (options == nullptr || HasSpilled(options.get())) {
    return Unexpected<PostgresError>(NoUrl(url, reason));
  }
  std::vector<const char*> keys = {"fallback_application_name"};
  std::vector<const char*> values = {"ollama-bench"};
  if (std::getenv("PGCONNECT_TIMEOUT") == nullptr) {
    keys.push_back("connect_timeout");
    values.push_back(kConnectTimeout);
  }
  keys.insert(keys.end(), {"dbname", "client_encoding", nullptr});
  values.insert(values.end(), {url.c_str(), "UTF8", nullptr});
  Connection connection(PQconnectdbParams(keys.data(), values.data(), /*expand_dbname=*/1));
  if (connection == nullptr) return Unexpected<PostgresError>(PostgresError{false, "no memory"});
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return Unexpected<PostgresError>(CannotConnect(connection.get(), keys, values));
  }
  PQsetNoticeReceiver(
      connection.get(), [](void*, const PGresult*) {}, nullptr);
  return PostgresConnection(std::move(connection), stop);
}

std::string PostgresConnection::Name() const {
  const std::string host = PQhost(connection_.get());
  const bool is_socket = host.starts_with('/') || host.starts_with('@');
  const std::string where =
      is_socket ? host : fmt::format("{}:{}", host, PQport(connection_.get()));
  return Printable(fmt::format("{} on {}", PQdb(connection_.get()), where), false);
}

PostgresError PostgresConnection::ErrorOf(const PGresult* result) const {
  if (stop_->Requested()) return {false, "stopped; nothing was written to the database"};
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary =
      result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string message =
      OneLine(primary == nullptr ? PQerrorMessage(connection_.get()) : primary);
  const bool is_lost = PQstatus(connection_.get()) != CONNECTION_OK;
  std::string_view advice = state == nullptr ? std::string_view() : AdviceOn(state);
  if (advice.empty() && is_lost) advice = "the connection was lost: export again, nothing doubles";
  return {false, fmt::format("cannot export to {}: {}{}{}", Name(), message,
                             advice.empty() ? "" : "; ", advice)};
}

// Waits as PQexec does, but a stop ends the wait.
PostgresConnection::Result PostgresConnection::Await() {
  PGconn* connection = connection_.get();
  bool is_cancelled = false;
  Result last;
  while (true) {
    while (PQisBusy(connection) == 1) {
      pollfd waited[2] = {{PQsocket(connection), POLLIN, 0},
                          {is_cancelled ? -1 : stop_->wake_fd(), POLLIN, 0}};
      poll(waited, 2, -1);
      if (stop_->Requested() && !is_cancelled) {
        is_cancelled = true;
        char ignored[256];
        PGcancel* cancel = PQgetCancel(connection);
        PQcancel(cancel, ignored, sizeof ignored);
        PQfreeCancel(cancel);
      }
      if (PQconsumeInput(connection) == 0) break;
    }
    Result next(PQgetResult(connection));
    if (next == nullptr) return last;
    const bool is_failure = last && PQresultStatus(last.get()) == PGRES_FATAL_ERROR;
    if (!is_failure) last = std::move(next);
    if (last && PQresultStatus(last.get()) == PGRES_COPY_IN) return last;
    if (PQstatus(connection) != CONNECTION_OK) return last;
  }
}

Expected<std::size_t, PostgresError> PostgresConnection::Execute(const std::string& statement) {
  if (stop_->Requested() || PQsendQuery(connection_.get(), statement.c_str()) == 0) {
    return Unexpected<PostgresError>(ErrorOf(nullptr));
  }
  const Result result = Await();
  const ExecStatusType status =
      result == nullptr ? PGRES_FATAL_ERROR : PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return Unexpected<PostgresError>(ErrorOf(result.get()));
  }
  return std::strtoull(PQcmdTuples(result.get()), nullptr, 10);
}

Expected<void, PostgresError> PostgresConnection::Copy(
    const std::string& statement,
    const std::function<void(const std::function<void(std::string_view)>&)>& rows) {
  if (stop_->Requested() || PQsendQuery(connection_.get(), statement.c_str()) == 0) {
    return Unexpected<PostgresError>(ErrorOf(nullptr));
  }
  const Result begun = Await();
  if (begun == nullptr || PQresultStatus(begun.get()) != PGRES_COPY_IN) {
    return Unexpected<PostgresError>(ErrorOf(begun.get()));
  }
  bool is_sent = true;
  rows([&](std::string_view row) {
    is_sent = is_sent && !stop_->Requested() &&
              PQputCopyData(connection_.get(), row.data(), static_cast<int>(row.size())) == 1;
  });
  PQputCopyEnd(connection_.get(), is_sent ? nullptr : "stopped");
  const Result result = Await();
  if (!is_sent || result == nullptr || PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    return Unexpected<PostgresError>(ErrorOf(result.get()));
  }
  return {};
}

}  // namespace ollama_bench

#endif
