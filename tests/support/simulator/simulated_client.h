#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ollama_bench/workload/request_client.h"
#include "support/simulator/engine.h"

namespace ollama_bench::simulator {

/// A client and its server in one, in a time that costs none: what takes a real server hours is
/// over in a moment, with the same times as the law has them. Requests are sent at once, whenever
/// they are due, so it is for closed loops. With the next request sent from within OnEnd, what
/// happens does not depend on the machine.
class SimulatedClient : public RequestClient {
 public:
  explicit SimulatedClient(Law law);
  /// Cancels what is under way.
  ~SimulatedClient() override;
  SimulatedClient(const SimulatedClient&) = delete;
  SimulatedClient& operator=(const SimulatedClient&) = delete;

  std::uint64_t Send(StreamRequest request, OnEnd on_end) override;
  void Cancel(std::uint64_t id) override;
  /// None.
  [[nodiscard]] std::chrono::nanoseconds CpuTime() const override { return {}; }

 private:
  struct Command {
    std::uint64_t id = 0;
    StreamRequest request;
    OnEnd on_end;  ///< empty: cancel
  };
  struct Exchange {
    std::uint64_t number = 0;  ///< the engine's
    StreamRecord record;
    OnEnd on_end;
  };

  void Run();
  std::vector<Command> TakeCommands();
  void Begin(Command command);
  void Play(const Piece& piece);
  void End(std::uint64_t id, StreamEnd end);

  Engine engine_;
  Time now_;
  std::map<std::uint64_t, Exchange> exchanges_;   // by id
  std::map<std::uint64_t, std::uint64_t> id_of_;  // by the engine's number
  std::mutex mutex_;                              // of what follows
  std::condition_variable changed_;
  std::vector<Command> commands_;
  std::uint64_t next_id_ = 1;
  bool is_ending_ = false;
  std::thread thread_;  // last: it uses what is above
};

}  // namespace ollama_bench::simulator
