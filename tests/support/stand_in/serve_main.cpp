// `ollama serve` of the stand-in: the state, and HTTP around it.
#include <httplib.h>
#include <sys/socket.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "support/stand_in/acts.h"
#include "support/stand_in/api.h"
#include "support/stand_in/commands.h"
#include "support/stand_in/exchange.h"
#include "support/stand_in/server_setting.h"

namespace ollama_bench::stand_in {
namespace {

bool Asked(const Json& act, const char* key) {
  return act.is_object() && act.value(key, false);
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void Compute(const Json& act) {
  if (!act.is_object()) return;
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(act.value("compute_ms", std::int64_t{0}));
  while (std::chrono::steady_clock::now() < until) {
  }
}

void LoseHalfWay(httplib::Response& response, const std::string& body, const std::string& type) {
  response.set_content_provider(body.size(), type,
                                [body](std::size_t offset, std::size_t, httplib::DataSink& sink) {
                                  if (offset > 0) return false;
                                  return sink.write(body.data(), body.size() / 2);
                                });
}

// Puts a reply on the wire, spoilt as its rule's "body" says.
void Send(httplib::Response& response, const Reply& reply) {
  std::string body;
  for (const std::string& line : reply.lines) body += line + (reply.stream ? "\n" : "");
  const std::string spoil = reply.act.is_object() ? reply.act.value("body", "") : "";
  response.status = reply.status;
  if (spoil == "garbage") {
    response.set_content(std::string("<html>\0\xff not JSON {\"models\":", 29), "text/html");
  } else if (spoil == "empty") {
    response.set_content("", reply.type);
  } else if (spoil == "truncated") {
    LoseHalfWay(response, body, reply.type);
  } else if (reply.stream) {
    response.set_chunked_content_provider(reply.type, [body](std::size_t, httplib::DataSink& sink) {
      sink.write(body.data(), body.size());
      sink.done();
      return true;
    });
  } else {
    response.set_content(body, reply.type.c_str());
  }
}

class Service {
 public:
  Service(State& state, httplib::Server& server) : state_(state), server_(server) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(16); };
    server_.set_tcp_nodelay(true);
    // The library's default would let two servers share a port.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server_.Post(".*/stand_in/command",
                 [this](const auto& request, auto& response) { Command(request, response); });
    server_.Get("/stand_in/calls", [this](const auto&, auto& response) {
      const std::lock_guard lock(state_.mutex);
      response.set_content(state_.calls.dump(-1, ' ', false, Json::error_handler_t::replace),
                           "application/json");
    });
    server_.Get("/", [](const auto&, auto& response) {
      response.set_content("Ollama is running", "text/plain; charset=utf-8");
    });
    const auto api = [this](const auto& request, auto& response) { Api(request, response); };
    server_.Get(".*", api);
    server_.Post(".*", api);
    server_.Delete(".*", api);
  }

 private:
  void Command(const httplib::Request& request, httplib::Response& response) {
    const auto end = request.body.find('\n');
    const Json line = Json::parse(request.body.substr(0, end));
    Performance performance;
    {
      const std::lock_guard lock(state_.mutex);
      performance = PlayCommand(state_, {line.at("arguments").get<std::vector<std::string>>(),
                                         line.at("folder"), request.body.substr(end + 1)});
    }
    EndIfAsked(performance.act);
    Compute(performance.act);
    const Json told = {{"stdout", performance.out},
                       {"stderr", performance.err},
                       {"exit", performance.exit},
                       {"act", performance.act}};
    response.set_content(told.dump(-1, ' ', false, Json::error_handler_t::replace),
                         "application/json");
  }

  void Api(const httplib::Request& request, httplib::Response& response) {
    Reply reply;
    {
      const std::lock_guard lock(state_.mutex);
      const auto prefix = state_.script.Get<std::string>("prefix", "");
      const bool is_there = request.path.starts_with(prefix);
      reply = AnswerApi(state_, request.method == "HEAD" ? "GET" : request.method,
                        is_there ? request.path.substr(prefix.size()) : "", request.body);
    }
    EndIfAsked(reply.act);
    Compute(reply.act);
    if (reply.act.is_object()) {
      const Json waits = {{"sleep_ms", reply.act.value("sleep_ms", 0)},
                          {"hang", reply.act.value("hang", false)}};
      PlayProcessActs(waits);
    }
    Send(response, reply);
  }

  void EndIfAsked(const Json& act) {
    if (Asked(act, "kill_server")) std::raise(SIGKILL);
    if (Asked(act, "exit_server")) server_.stop();
  }

  State& state_;
  httplib::Server& server_;
};

// TERM and INT end the real server with status 0, whatever is in flight.
void EndOnSignals(bool ignore_term) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  if (!ignore_term) sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::thread([ending] {
    int number = 0;
    sigwait(&ending, &number);
    std::_Exit(0);
  }).detach();
}

int Serve() {
#ifdef __linux__
  if (!Environment("OLLAMA_STAND_IN_DIES_WITH_PARENT").empty()) prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  const std::string folder = Environment("OLLAMA_MODELS");
  State state(Environment("OLLAMA_STAND_IN_SCRIPT"),
              folder.empty() ? "" : folder + "/stand_in_state.json");
  const Json act = state.Begin({"serve", "", "", {}, {}}, Json::object());
  state.engine.LogLoads(true);
  WriteJournal(StartEntry(state.script));
  EndOnSignals(Asked(act, "ignore_term"));
  PlayProcessActs(act);
  if (act.is_object() && (act.contains("error") || act.contains("exit"))) {
    if (act.contains("error")) {
      std::fprintf(stderr, "Error: %s\n", act.at("error").get_ref<const std::string&>().c_str());
    }
    return act.value("exit", 1);
  }
  httplib::Server server;
  const Service service(state, server);
  Address address = AddressFromEnvironment();
  if (address.port == 0) {
    address.port = server.bind_to_any_port(address.host);
  } else if (!server.bind_to_port(address.host, address.port)) {
    // v0.11.4/serve_port_taken.stderr
    std::fprintf(stderr, "Error: listen tcp %s:%d: bind: address already in use\n",
                 address.host.c_str(), address.port);
    return 1;
  }
  std::fprintf(stderr,
               "time=2026-11-21T07:11:38.000Z level=INFO source=routes.go:1357 "
               "msg=\"Listening on %s:%d (version %s)\"\n",
               address.host.c_str(), address.port, state.behaviour().version().c_str());
  std::fputs(StartLog(state.script).c_str(), stderr);
  return server.listen_after_bind() ? 0 : 1;
}

}  // namespace
}  // namespace ollama_bench::stand_in

int main() {
  return ollama_bench::stand_in::Serve();
}
