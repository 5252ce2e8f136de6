#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/process/background_process.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {

/// A real PostgreSQL server of this program's own, on a free port of the loopback and on a socket
/// in its own folder. Its superuser is `bench`: over TCP with kPassword, over the socket without.
class PostgresServer {
 public:
  static constexpr const char* kPassword = "se:cr/et@1";
  static constexpr const char* kEscapedPassword = "se%3Acr%2Fet%401";

  /// Why there is none to test with.
  static std::optional<std::string> Missing();
  /// The one server that all tests share; started by the first call. Throws std::runtime_error.
  static PostgresServer& Shared();
  static void EndShared();

  /// A new, empty database; `options` follow CREATE DATABASE NAME.
  std::string NewDatabase(const std::string& options = "");
  /// Without a password.
  [[nodiscard]] std::string Url(const std::string& database,
                                const std::string& user = "bench") const;
  [[nodiscard]] std::string UrlWithPassword(const std::string& database,
                                            const std::string& password = kEscapedPassword) const;
  /// What psql prints: a line a row, without its last line end. Throws where it fails.
  std::string Query(const std::string& database, const std::string& sql) const;
  [[nodiscard]] Ended Psql(const std::string& database, std::vector<std::string> arguments) const;
  /// All rows of the tables, in an order of their own.
  [[nodiscard]] std::string Content(const std::string& database) const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  /// Gives a file or folder to the user that the server runs as.
  void Give(const std::filesystem::path& path) const;

 private:
  PostgresServer();

  TemporaryFolder folder_;
  int port_ = 0;
  int databases_ = 0;
  std::optional<BackgroundProcess> process_;
};

}  // namespace ollama_bench::testing
