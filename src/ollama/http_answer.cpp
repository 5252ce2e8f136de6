#include "http_answer.h"

#include <fmt/format.h>

#include <stdexcept>

#include "failure_classifier.h"
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
  if (failure.kind == FailureKind::kUnknown && status == 404) {
    failure.kind = FailureKind::kModelMissing;
  }
  failure.message = said.empty() ? fmt::format("{} answers with status {}", path, status)
                                 : std::string(StartOf(said, kMessageLimit));
  return failure;
}

Failure NoAnswer(const ServerAddress& address, const std::string& path, httplib::Error error) {
  return {FailureKind::kServerUnavailable,
          fmt::format("no answer from {}{} ({})", address.Url(), path, Reason(error)),
          {},
          1};
}

}  // namespace ollama_bench
