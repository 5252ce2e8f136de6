#include "http_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include "bytes_received.h"
#include "cli_output.h"
#include "http_status.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

constexpr int kDeepestAnswer = 64;
constexpr std::size_t kTailLimit = 2000;
constexpr std::size_t kMessageLimit = 2000;  // it is shown and stored with each cell

// The library's own words differ from release to release.
std::string Reason(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::ConnectionTimeout:
      return "cannot connect";
    case httplib::Error::Read:
      return "the connection was lost, or the answer took too long";
    case httplib::Error::SSLConnection:
      return "no TLS connection; where the server speaks plain HTTP, name it with http://";
    case httplib::Error::SSLLoadingCerts:
      return "the certificates to trust cannot be read; see SSL_CERT_FILE and SSL_CERT_DIR";
    case httplib::Error::SSLServerVerification:
      return "its certificate is not trusted; name the file of its authority with SSL_CERT_FILE";
    default:
      return httplib::to_string(error);
  }
}

}  // namespace

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? Printable(found->get<std::string>(), false)
                                                     : std::string();
}

std::optional<std::int64_t> NumberOf(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

Expected<json, Failure> ParseAnswer(const std::string& path, const std::string& body) {
  const auto keep = [](int depth, json::parse_event_t event, json&) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth > kDeepestAnswer) throw std::length_error("nested too deeply");
    }
    return true;
  };
  try {
    json answer = json::parse(body, keep);
    if (answer.is_object()) return answer;
  } catch (const std::exception&) {
    // The message below says all that a person can use.
  }
  const std::string_view text = body;
  return Unexpected<Failure>(Failure{FailureKind::kUnknown,
                                     fmt::format("the answer to {} is not Ollama's: {}", path,
                                                 Printable(text.substr(0, 60), false)),
                                     Printable(text.substr(0, kTailLimit)), 1});
}

Failure RefusedAnswer(const std::string& path, int status, const std::string& body) {
  const auto answer = ParseAnswer(path, body);
  const std::string said = answer ? TextOf(*answer, "error") : std::string();
  Failure failure;
  failure.kind = ClassifyFailure(said);
  const StatusMeaning* meaning = MeaningOf(status);
  if (!said.empty()) {
    failure.message = StartOf(said, kMessageLimit);
    const bool is_open = failure.kind == FailureKind::kUnknown;
    if (is_open && status == 404) failure.kind = FailureKind::kModelMissing;
    if (is_open && status != 400 && status != 404 && meaning != nullptr) {
      failure.kind = meaning->kind;
    }
    // Who says so is there; what it lost is its runner.
    const bool is_there = status == 200 || status == 500;
    if (is_there && failure.kind == FailureKind::kServerUnavailable) {
      failure.kind = FailureKind::kRunnerCrash;
    }
    return failure;
  }
  // Never empty: by that a server is known that says nothing at all.
  failure.output_tail =
      body.empty() ? "(empty answer)" : Printable(std::string_view(body).substr(0, kTailLimit));
  failure.message = fmt::format("{} answers with status {}", path, status);
  if (status == 400 && body.find("HTTPS") != std::string::npos) {
    failure.kind = FailureKind::kRefused;
    failure.message += ": the server speaks HTTPS; name it with https://";
  } else if (meaning != nullptr) {
    failure.kind = meaning->kind;
    failure.message += fmt::format(": {}; {}", meaning->text, meaning->remedy);
  } else {
    failure.message += " and no reason; see the server's log";
  }
  return failure;
}

Failure NoAnswer(const ServerAddress& address, const std::string& path, httplib::Error error) {
  const bool is_untrusted =
      error == httplib::Error::SSLLoadingCerts || error == httplib::Error::SSLServerVerification;
  return {is_untrusted ? FailureKind::kRefused : FailureKind::kServerUnavailable,
          fmt::format("no answer from {}{} ({})", address.Url(), path, Reason(error)),
          {},
          1};
}

namespace {

// Between two looks at how much has come; answers are usually there before the first.
constexpr std::chrono::milliseconds kLook{20};
constexpr std::chrono::seconds kLongestWhenStopped{5};
constexpr std::chrono::seconds kAllWhenStopped{15};

}  // namespace

AnswerGuard::AnswerGuard(httplib::Client& client, const StopRequest& stop,
                         std::chrono::milliseconds longest, std::int64_t most_bytes)
    : client_(client),
      stop_(stop),
      longest_(longest),
      most_bytes_(most_bytes),
      thread_([this](const std::stop_token& ending) { Watch(ending); }) {
  client_.set_socket_options([this](socket_t socket) {
    bytes_before_ = 0;
    socket_ = socket;
  });
}

bool AnswerGuard::Begin() {
  const std::lock_guard lock(mutex_);
  is_hurried_ = false;
  due_ = Clock::now() + longest_;
  ApplyStop();
  if (gave_up_ || *due_ <= Clock::now()) {
    due_.reset();
    return false;
  }
  bytes_before_ = BytesReceived(socket_);
  changed_.notify_one();
  return true;
}

void AnswerGuard::End(bool answered) {
  const std::lock_guard lock(mutex_);
  due_.reset();
  if (!answered && stop_.Requested()) gave_up_ = true;
}

// Lessens the time of the request under way, once.
void AnswerGuard::ApplyStop() {
  if (is_hurried_ || !stop_.Requested()) return;
  is_hurried_ = true;
  const Time now = Clock::now();
  if (!all_due_) all_due_ = now + kAllWhenStopped;
  due_ = std::min({*due_, now + kLongestWhenStopped, *all_due_});
}

bool AnswerGuard::IsTooMuch() const {
  return Clock::now() >= *due_ || BytesReceived(socket_) - bytes_before_ > most_bytes_;
}

void AnswerGuard::Watch(const std::stop_token& ending) {
  // Signals are the main thread's, which waits in calls that they are to interrupt.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, ending, [this] { return due_.has_value(); })) {
    const Time due = *due_;
    changed_.wait_until(lock, ending, Clock::now() + kLook, [&] { return due_ != due; });
    if (due_ != due) continue;
    ApplyStop();
    // Again at each look: a connection that is just being made cannot be broken.
    if (IsTooMuch()) client_.stop();
  }
}

}  // namespace ollama_bench
