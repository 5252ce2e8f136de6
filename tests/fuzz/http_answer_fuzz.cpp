// Any bytes as a server's answer: a value or a failure that can be shown. The first byte chooses
// the request, and whether the bytes are the whole answer or the body of a sound one.

#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "require.h"
#include "support/raw_server.h"

namespace ollama_bench {
namespace {

void Check(const Failure& failure) {
  Require(!failure.message.empty() && failure.message.size() < 100'000);
  Require(Printable(failure.message) == failure.message);
  Require(Printable(failure.output_tail) == failure.output_tail);
}

void Ask(OllamaApi& api, int which) {
  if (which == 0) {
    const auto version = api.Version();
    version ? Require(Printable(*version, false) == *version) : Check(version.error());
  } else if (which == 1) {
    const auto models = api.Models();
    if (!models) Check(models.error());
    for (const ModelListing& model : models ? *models : std::vector<ModelListing>()) {
      Require(Printable(model.name, false) == model.name);
    }
  } else if (which == 2) {
    if (const auto running = api.Running(); !running) Check(running.error());
  } else {
    if (const auto details = api.Show("m"); !details) Check(details.error());
  }
}

}  // namespace
}  // namespace ollama_bench

// The threads of the server are detached, and now and then what one of them holds is taken for
// lost. Leaks of the reader itself are still found.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:ollama_bench::RawServer\n";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ollama_bench;
  if (size == 0) return 0;
  // Lives as long as the program, as its thread does.
  static auto* const server = new RawServer;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_body = (data[0] & 4U) != 0;
  const char* status = (data[0] & 8U) != 0 ? "404 Not Found" : "200 OK";
  server->Answer(is_body ? "HTTP/1.1 " + std::string(status) +
                               "\r\nContent-Length: " + std::to_string(bytes.size()) +
                               "\r\nConnection: close\r\n\r\n" + bytes
                         : bytes);
  static const StopRequest never;
  OllamaApi api(ParseServerAddress("127.0.0.1:" + std::to_string(server->port())).value(), never);
  Ask(api, data[0] & 3);
  return 0;
}
