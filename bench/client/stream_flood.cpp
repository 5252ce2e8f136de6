// What the streaming client does with a server that never stops sending lines:
//     ./stream_flood [--gigabytes 10]
// Each request reads on until the client has enough of it; memory must not grow from one to the
// next.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "ollama_bench/ollama/stream_client.h"
#include "support/raw_server.h"

namespace ollama_bench {
namespace {

double PeakMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

StreamRecord Ask(StreamClient& client, bool keep_text) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<StreamRecord> answer;
  StreamRequest request;
  request.body = "{}";
  request.keep_text = keep_text;
  client.Send(std::move(request), [&](StreamRecord record) {
    const std::lock_guard lock(mutex);
    answer = std::move(record);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

void Flood(double gigabytes) {
  const std::string line =
      R"({"model":"m","created_at":"2026-11-21T07:14:49.008674714Z","response":")" +
      std::string(180, 'x') + "\",\"done\":false}\n";
  std::string block;
  while (block.size() < 60'000) block += line;
  RawServer server;
  server.Answer("HTTP/1.1 200 OK\r\n\r\n");
  server.RepeatForEver(block);
  ServerAddress address;
  address.port = server.port();
  StreamClient client(address);
  const auto start = std::chrono::steady_clock::now();
  double read = 0;
  for (int i = 1; read < gigabytes * 1e9; ++i) {
    const StreamRecord record = Ask(client, /*keep_text=*/false);
    read += static_cast<double>(record.chunks.size()) * static_cast<double>(line.size());
    if (i == 1 || read >= gigabytes * 1e9) {
      fmt::print("request {}: {} chunks, then: {}; {:.2f} GB so far, peak memory {:.1f} MB\n", i,
                 record.chunks.size(), record.failure->message, read / 1e9, PeakMegabytes());
    }
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const std::chrono::duration<double> cpu = client.CpuTime();
  fmt::print("{:.1f} s, {:.1f} s of CPU\n", wall.count(), cpu.count());
}

}  // namespace
}  // namespace ollama_bench

int main(int argc, char** argv) {
  double gigabytes = 10;
  CLI::App app{"Floods the streaming client with lines"};
  app.add_option("--gigabytes", gigabytes, "In all");
  CLI11_PARSE(app, argc, argv);
  ollama_bench::Flood(gigabytes);
  return 0;
}
