#include "support/browser.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ollama_bench::testing {
namespace {

// The protocol's ends of the pipe, in the browser.
constexpr int kCommandsEnd = 3;
constexpr int kAnswersEnd = 4;

constexpr int kPatienceMs = 60'000;

[[noreturn]] void Fail(const std::string& what) {
  throw std::runtime_error("Chromium: " + what);
}

}  // namespace

std::string Browser::Program() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string program = folder + "/chromium";
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

void Browser::RunChild(const std::string& profile, int commands, int answers) {
  setpgid(0, 0);
  // Above both ends first, so that neither is closed by the other's place.
  const int from = fcntl(commands, F_DUPFD, 10);
  const int to = fcntl(answers, F_DUPFD, 10);
  dup2(from, kCommandsEnd);
  dup2(to, kAnswersEnd);
  const int nowhere = open("/dev/null", O_RDWR);
  for (const int stream : {0, 1, 2}) dup2(nowhere, stream);
  for (int other = kAnswersEnd + 1; other < 256; ++other) close(other);
  const std::string folder = "--user-data-dir=" + profile;
  // Its sandbox needs rights that a container lacks; what it reads is made by the test.
  execlp("chromium", "chromium", "--headless=new", "--no-sandbox", "--remote-debugging-pipe",
         "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", folder.c_str(),
         "about:blank", nullptr);
  _exit(127);
}

Browser::Browser() {
  std::array<int, 2> commands{};
  std::array<int, 2> answers{};
  if (pipe2(commands.data(), O_CLOEXEC) != 0 || pipe2(answers.data(), O_CLOEXEC) != 0) Fail("pipe");
  pid_ = fork();
  if (pid_ == 0) RunChild(profile_.path().string(), commands[0], answers[1]);
  close(commands[0]);
  close(answers[1]);
  commands_ = commands[1];
  answers_ = answers[0];
  if (pid_ < 0) Fail("fork");
  const Json target = Send("Target.createTarget", {{"url", "about:blank"}}, "");
  session_ = Send("Target.attachToTarget", {{"targetId", target["targetId"]}, {"flatten", true}},
                  "")["sessionId"];
  for (const char* domain : {"Page", "Runtime", "Log", "Network"}) {
    Call(std::string(domain) + ".enable");
  }
}

Browser::~Browser() {
  close(commands_);
  close(answers_);
  // Without its pipe it ends by itself, and is given a moment for that.
  for (int i = 0; i < 50 && waitpid(pid_, nullptr, WNOHANG) == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (i == 49) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  kill(-pid_, SIGKILL);
}

Browser::Json Browser::Receive() {
  for (;;) {
    const auto end = buffer_.find('\0');
    if (end != std::string::npos) {
      Json message = Json::parse(buffer_.substr(0, end));
      buffer_.erase(0, end + 1);
      return message;
    }
    pollfd ready{answers_, POLLIN, 0};
    if (poll(&ready, 1, kPatienceMs) <= 0) Fail("no answer");
    std::array<char, 65536> part{};
    const ssize_t count = read(answers_, part.data(), part.size());
    if (count <= 0) Fail("it has ended");
    buffer_.append(part.data(), static_cast<std::size_t>(count));
  }
}

Browser::Json Browser::Send(const std::string& method, const Json& parameters,
                            const std::string& session) {
  Json message = {{"id", ++last_id_}, {"method", method}, {"params", parameters}};
  if (!session.empty()) message["sessionId"] = session;
  const std::string text = message.dump() + '\0';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t count = write(commands_, text.data() + sent, text.size() - sent);
    if (count <= 0) Fail("it takes no commands");
    sent += static_cast<std::size_t>(count);
  }
  for (;;) {
    Json answer = Receive();
    if (answer.value("id", 0) != last_id_) {
      events_.push_back(std::move(answer));
    } else if (answer.contains("error")) {
      Fail(method + ": " + answer["error"].dump());
    } else {
      return answer["result"];
    }
  }
}

Browser::Json Browser::Call(const std::string& method, const Json& parameters) {
  return Send(method, parameters, session_);
}

Browser::Json Browser::Evaluate(const std::string& expression) {
  const Json result =
      Call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}});
  if (result.contains("exceptionDetails")) Fail(result["exceptionDetails"].dump());
  return result["result"].value("value", Json());
}

void Browser::Open(const std::filesystem::path& file) {
  events_.clear();
  Call("Page.navigate", {{"url", "file://" + file.string()}});
  while (Events("Page.loadEventFired").empty()) events_.push_back(Receive());
}

void Browser::Show(int width, const std::string& scheme) {
  Call("Emulation.setDeviceMetricsOverride",
       {{"width", width}, {"height", 900}, {"deviceScaleFactor", 1}, {"mobile", false}});
  Call(
      "Emulation.setEmulatedMedia",
      {{"media", "screen"}, {"features", {{{"name", "prefers-color-scheme"}, {"value", scheme}}}}});
}

std::vector<Browser::Json> Browser::Events(const std::string& method) const {
  std::vector<Json> found;
  for (const Json& event : events_) {
    if (event.value("method", "") == method) found.push_back(event.value("params", Json::object()));
  }
  return found;
}

}  // namespace ollama_bench::testing
