#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace ollama_bench::testing {

/// A Chromium of the test's own without a window, with a profile in a folder of its own, driven by
/// the DevTools protocol over a pipe. What fails throws std::runtime_error.
class Browser {
 public:
  using Json = nlohmann::json;

  /// The program; empty where none is installed.
  static std::string Program();

  Browser();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  /// A command to the page, and its result.
  Json Call(const std::string& method, const Json& parameters = Json::object());
  /// The value of an expression in the page.
  Json Evaluate(const std::string& expression);
  /// Loads a file, and waits until it is loaded. Forgets earlier events.
  void Open(const std::filesystem::path& file);
  /// As a window of this width, to a reader who prefers "light" or "dark".
  void Show(int width, const std::string& scheme);
  /// The parameters of the page's events of this method since it was opened.
  [[nodiscard]] std::vector<Json> Events(const std::string& method) const;

 private:
  Json Send(const std::string& method, const Json& parameters, const std::string& session);
  Json Receive();
  [[noreturn]] static void RunChild(const std::string& profile, int commands, int answers);

  TemporaryFolder profile_;
  pid_t pid_ = -1;
  int commands_ = -1;  // to the browser
  int answers_ = -1;   // from it
  std::string buffer_;
  std::string session_;
  int last_id_ = 0;
  std::vector<Json> events_;
};

}  // namespace ollama_bench::testing
