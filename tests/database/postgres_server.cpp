#include "postgres_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "ollama_bench/core/unique_fd.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<PostgresServer>& Owner() {
  static std::unique_ptr<PostgresServer> server;
  return server;
}

// The newest of Debian's, which are not on PATH.
fs::path ProgramFolder() {
  std::error_code error;
  fs::path newest;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    if (fs::exists(entry.path() / "bin" / "initdb") && entry.path() > newest) {
      newest = entry.path();
    }
  }
  return newest.empty() ? newest : newest / "bin";
}

// A server refuses to run as root.
std::vector<std::string> AsServerUser(std::vector<std::string> argv) {
  if (geteuid() != 0) return argv;
  argv.insert(argv.begin(),
              {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"});
  return argv;
}

int FreePort() {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

}  // namespace

std::optional<std::string> PostgresServer::Missing() {
  if (ProgramFolder().empty()) return "no PostgreSQL server is installed";
  if (geteuid() == 0 && getpwnam("postgres") == nullptr) return "there is no user postgres";
  return std::nullopt;
}

PostgresServer& PostgresServer::Shared() {
  if (!Owner()) Owner().reset(new PostgresServer);
  return *Owner();
}

void PostgresServer::EndShared() {
  Owner().reset();
}

void PostgresServer::Give(const fs::path& path) const {
  if (geteuid() != 0) return;
  const passwd* user = getpwnam("postgres");
  if (chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown");
}

PostgresServer::PostgresServer() : port_(FreePort()) {
  const fs::path programs = ProgramFolder();
  folder_.Write("password", std::string(kPassword) + "\n");
  Give(folder_.path());
  Give(folder_ / "password");
  const std::string data = (folder_ / "data").string();
  Program initdb;
  initdb.argv =
      AsServerUser({(programs / "initdb").string(), "-D", data, "-U", "bench", "-N", "-E", "UTF8",
                    "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256",
                    "--pwfile=" + (folder_ / "password").string()});
  initdb.folder = folder_.path().string();
  const Ended made = RunProgram(initdb);
  if (made.exit_code != 0) throw std::runtime_error("initdb: " + made.err);
  BackgroundRequest request;
  request.argv = AsServerUser({(programs / "postgres").string(), "-D", data, "-k",
                               folder_.path().string(), "-p", std::to_string(port_), "-c",
                               "listen_addresses=127.0.0.1", "-c", "fsync=off"});
  request.log = folder_ / "server.log";
  auto started = BackgroundProcess::Start(request);
  if (!started) throw std::runtime_error(started.error());
  process_.emplace(std::move(*started));
  const auto latest = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (Psql("postgres", {"-c", "SELECT 1"}).exit_code != 0) {
    if (process_->HasEnded() || std::chrono::steady_clock::now() > latest) {
      throw std::runtime_error("PostgreSQL did not start: " + folder_.Read("server.log"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

std::string PostgresServer::NewDatabase(const std::string& options) {
  const std::string name = "test" + std::to_string(++databases_);
  Query("postgres", "CREATE DATABASE " + name + " " + options);
  return name;
}

std::string PostgresServer::Url(const std::string& database, const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::UrlWithPassword(const std::string& database,
                                            const std::string& password) const {
  return Url(database, "bench:" + password);
}

Ended PostgresServer::Psql(const std::string& database, std::vector<std::string> arguments) const {
  Program psql;
  psql.argv = {"psql",
               "-X",
               "-q",
               "-A",
               "-t",
               "-v",
               "ON_ERROR_STOP=1",
               "-h",
               folder_.path().string(),
               "-p",
               std::to_string(port_),
               "-U",
               "bench",
               "-d",
               database};
  psql.argv.insert(psql.argv.end(), arguments.begin(), arguments.end());
  return RunProgram(psql);
}

std::string PostgresServer::Query(const std::string& database, const std::string& sql) const {
  Ended ended = Psql(database, {"-c", sql});
  if (ended.exit_code != 0) throw std::runtime_error(sql + "\n" + ended.err);
  while (ended.out.ends_with('\n')) ended.out.pop_back();
  return ended.out;
}

std::string PostgresServer::Content(const std::string& database) const {
  std::string content;
  for (const char* table : {"benchmarks", "model_measurements", "device_measurements"}) {
    content += Query(database,
                     "SELECT t::text FROM ollama_bench." + std::string(table) + " t ORDER BY 1") +
               "\n";
  }
  return content;
}

}  // namespace ollama_bench::testing
