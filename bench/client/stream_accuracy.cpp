// How exact the streaming client is beside the simulator's truth, and what it costs:
//     ./stream_accuracy [--streams 8,64,256] [--tokens 250] [--step-ms 20]   streams at a pace
//     ./stream_accuracy --chunks-per-s 60000 --streams 64 --tokens 2500     many chunks
//     ./stream_accuracy --stop-s 2 [--rate 50] [--requests 500]             an open loop, and a
//     stop
// The true TTFT is from the time at which the request came to the simulator's kernel to its write
// of the first chunk. The requests of a run start together, or --ramp-ms apart.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/raw_loop.h"
#include "client/truth.h"
#include "ollama_bench/ollama/generate_request.h"
#include "ollama_bench/ollama/stream_client.h"
#include "support/simulated_ollama.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using testing::SimulatedOllama;

struct Options {
  std::vector<int> streams = {8, 64, 256};
  int tokens = 250;
  double step_ms = 20;
  double chunks_per_s = 0;  ///< of all streams together, in place of step_ms
  double ramp_ms = 0;
  double stop_s = 0;
  double rate = 50;
  int requests = 500;
};

/// What a run of requests gave.
struct Run {
  std::map<std::string, StreamRecord> records;  ///< by the first words of their prompts
  nanoseconds cpu{0};
  nanoseconds wall{0};
};

StreamRequest Asking(const std::string& name, int tokens) {
  GenerateRequest request;
  request.model = "simulated";
  request.prompt = name + " and more";
  request.num_predict = tokens;
  return StreamRequestOf(request);
}

// Each request `gap` after the one before.
Run Exchange(const SimulatedOllama& server, int requests, int tokens, nanoseconds gap) {
  Run run;
  std::mutex mutex;
  std::condition_variable changed;
  ServerAddress address;
  address.port = server.port();
  StreamClient client(address);
  const auto start = steady_clock::now();
  const auto first = start + milliseconds(50);
  for (int i = 0; i < requests; ++i) {
    const std::string name = fmt::format("r{}", i);
    StreamRequest request = Asking(name, tokens);
    request.due = first + gap * i;
    client.Send(std::move(request), [&, name](StreamRecord record) {
      const std::lock_guard lock(mutex);
      run.records[name] = std::move(record);
      changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return run.records.size() == static_cast<std::size_t>(requests); });
  run.wall = steady_clock::now() - first;
  run.cpu = client.CpuTime();
  return run;
}

Accuracy AccuracyOf(const SimulatedOllama& server, const Run& run) {
  const auto truth = ReadTruth(server.folder() / "truth.jsonl", run.records.size());
  Accuracy accuracy;
  for (const auto& [name, record] : run.records) Compare(record, truth.at(name), accuracy);
  return accuracy;
}

long PeakKilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void PrintHead() {
  fmt::print("{:>7} {:>29} {:>29} {:>29}\n", "", "TTFT error, ms", "first chunk's time, ms",
             "gap error, ms");
  fmt::print("{:>7}", "streams");
  for (int i = 0; i < 3; ++i) fmt::print(" {:>9} {:>9} {:>9}", "p50", "p99", "max");
  fmt::print(" {:>8} {:>6} {:>7} {:>9} {:>8} {:>11}\n", "chunks", "lost", "merged", "unstamped",
             "chunks/s", "CPU s/100k");
}

void PrintRow(int streams, const Run& run, const Accuracy& accuracy) {
  fmt::print("{:>7}", streams);
  for (const auto* errors : {&accuracy.ttft_ms, &accuracy.first_chunk_ms, &accuracy.gap_ms}) {
    for (const double share : {0.5, 0.99, 1.0}) fmt::print(" {:>9.4f}", Quantile(*errors, share));
  }
  const auto chunks = static_cast<double>(accuracy.chunks);
  fmt::print(" {:>8} {:>6} {:>7} {:>9} {:>8.0f} {:>11.3f}\n", accuracy.chunks,
             accuracy.lost + accuracy.not_done, accuracy.merged, accuracy.unstamped,
             chunks / std::chrono::duration<double>(run.wall).count(),
             std::chrono::duration<double>(run.cpu).count() * 1e5 / chunks);
}

void Streams(const Options& options) {
  PrintHead();
  for (const int streams : options.streams) {
    const double step_s =
        options.chunks_per_s > 0 ? streams / options.chunks_per_s : options.step_ms / 1000;
    const SimulatedOllama server(
        {{"slots", streams}, {"step_s", step_s}, {"jitter", 0.01}, {"prefill_s", {{"a", 0.1}}}});
    const auto ramp = nanoseconds(static_cast<std::int64_t>(options.ramp_ms * 1e6));
    const Run run = Exchange(server, streams, options.tokens, ramp);
    const long kilobytes = PeakKilobytes();
    PrintRow(streams, run, AccuracyOf(server, run));
    const std::string body = Asking("raw", options.tokens).body;
    const RawRun raw = ReadRaw(server.port(),
                               fmt::format("POST /api/generate HTTP/1.1\r\nHost: x\r\n"
                                           "Content-Length: {}\r\n\r\n{}",
                                           body.size(), body),
                               streams);
    fmt::print(
        "{:>7} a loop that only counts lines: {} chunks, {:.0f}/s, {:.3f} CPU s/100k\n", "",
        raw.lines, static_cast<double>(raw.lines) / std::chrono::duration<double>(raw.wall).count(),
        std::chrono::duration<double>(raw.cpu).count() * 1e5 / static_cast<double>(raw.lines));
    fmt::print("{:>7} peak memory {:.1f} MB, a chunk kept takes {} bytes\n", "",
               static_cast<double>(kilobytes) / 1024, sizeof(StreamChunk));
  }
}

double Milliseconds(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

// A server that stops for a while under an open loop.
void OpenLoop(const Options& options) {
  const SimulatedOllama server(
      {{"slots", 64},
       {"step_s", 0.002},
       {"prefill_s", {{"a", 0.01}}},
       {"stall", {{"at_request", options.requests / 2}, {"for_s", options.stop_s}}}});
  const auto gap = nanoseconds(static_cast<std::int64_t>(1e9 / options.rate));
  const Run run = Exchange(server, options.requests, 5, gap);
  const auto truth = ReadTruth(server.folder() / "truth.jsonl", run.records.size());
  std::vector<double> intended;
  std::vector<double> from_sending;
  std::vector<double> lag;
  std::vector<double> error;
  for (const auto& [name, record] : run.records) {
    intended.push_back(Milliseconds(*record.done - record.due));
    from_sending.push_back(Milliseconds(*record.done - *record.sent));
    lag.push_back(Milliseconds(*record.sent - record.due));
    const auto last = nanoseconds(truth.at(name).flushes_ns.back());
    error.push_back(Milliseconds(*record.done - (steady_clock::time_point(last))));
  }
  fmt::print("{} requests at {}/s, the server stops for {} s\n", options.requests, options.rate,
             options.stop_s);
  fmt::print("E2E from the intended time, ms: p50 {:.1f}, p99 {:.1f}, max {:.1f}\n",
             Quantile(intended, 0.5), Quantile(intended, 0.99), Quantile(intended, 1));
  fmt::print("E2E from the sending, ms:       p50 {:.1f}, p99 {:.1f}, max {:.1f}\n",
             Quantile(from_sending, 0.5), Quantile(from_sending, 0.99), Quantile(from_sending, 1));
  fmt::print("lag of the sender, ms:          p50 {:.3f}, p99 {:.3f}, max {:.3f}\n",
             Quantile(lag, 0.5), Quantile(lag, 0.99), Quantile(lag, 1));
  fmt::print("error of the end, ms:           p50 {:.3f}, p99 {:.3f}, max {:.3f}\n",
             Quantile(error, 0.5), Quantile(error, 0.99), Quantile(error, 1));
}

}  // namespace
}  // namespace ollama_bench

int main(int argc, char** argv) {
  ollama_bench::Options options;
  CLI::App app{"Checks the streaming client against the simulator's truth"};
  app.add_option("--streams", options.streams, "Streams at a time, one run each")->delimiter(',');
  app.add_option("--tokens", options.tokens, "Tokens of each stream");
  app.add_option("--step-ms", options.step_ms, "Time of a token");
  app.add_option("--chunks-per-s", options.chunks_per_s, "Of all streams, in place of a step");
  app.add_option("--ramp-ms", options.ramp_ms, "From one start to the next");
  app.add_option("--stop-s", options.stop_s, "An open loop whose server stops for so long");
  app.add_option("--rate", options.rate, "Requests per second of the open loop");
  app.add_option("--requests", options.requests, "Requests of the open loop");
  CLI11_PARSE(app, argc, argv);
  if (app.count("--stop-s") > 0) {
    ollama_bench::OpenLoop(options);
  } else {
    ollama_bench::Streams(options);
  }
  return 0;
}
