#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "support/simulator/law.h"

namespace ollama_bench::simulator {

using Time = std::chrono::steady_clock::time_point;

/// A request for text.
struct Request {
  std::int64_t prompt_tokens = 0;
  std::int64_t num_predict = 0;  ///< tokens; 0 or less: no number
  std::string runner;            ///< options of loading; others than those loaded cost a load
};

enum class Outcome { kDone, kError, kNoDone, kCut, kRefused, kCancelled };

/// One request from arrival to end, by the law: exact times, whenever they are carried out.
struct Progress {
  std::uint64_t number = 0;  ///< from 1, in the order of arrival
  Request request;
  Time arrival;
  Time slot;                         ///< when it got one
  Time first_token;                  ///< sampled: the prompt is read
  Time end;                          ///< of the last token
  std::chrono::nanoseconds load{0};  ///< part of its wait for a slot
  std::int64_t cached = 0;           ///< tokens of the prompt
  std::int64_t tokens = 0;           ///< so far
  std::int64_t planned_tokens = 0;
  bool stops_early = false;  ///< before num_predict, by an end token
  bool has_slot = false;
  double step_factor = 1;
  const Fault* fault = nullptr;
  std::int64_t pending = 0;  ///< tokens not sent yet
  Outcome outcome = Outcome::kDone;

  [[nodiscard]] std::chrono::nanoseconds Queued() const { return slot - arrival - load; }
};

/// Something to send.
struct Piece {
  enum class Kind {
    kEmpty,  ///< a chunk without text
    kText,
    kThinking,
    kLast,    ///< the line with the counts
    kError,   ///< an error line, after which the answer ends
    kNoDone,  ///< the answer ends
    kCut,     ///< the connection is closed
  };
  Time time;  ///< at which the law has it
  std::uint64_t number = 0;
  Kind kind = Kind::kText;
  std::int64_t first = 0;   ///< token, from 1
  std::int64_t tokens = 0;  ///< whose text it has
  [[nodiscard]] bool IsEnd() const { return kind >= Kind::kLast; }
};

/// The law at work on requests, in whatever time it is given: the clock's in the server, a made-up
/// one in tests. Nothing here waits.
class Engine {
 public:
  /// `start` is the time from which the law's seconds count.
  Engine(Law law, Time start);

  /// Advance() must have been called up to `now`, here and below. The request's outcome is kRefused
  /// where a fault or a full queue is its answer.
  const Progress& Arrive(Time now, Request request);
  /// Frees what the request holds. Of no effect on one that has ended.
  void Cancel(Time now, std::uint64_t number);
  /// The model is unloaded as soon as nothing runs.
  void Unload(Time now);
  /// Loads the model, for nobody.
  void Load(Time now, const std::string& runner);

  /// When there is something to do next.
  [[nodiscard]] std::optional<Time> Next() const;
  /// Does what is due until `now`, in order of time; of very much a part, after which Next() is
  /// still in the past.
  std::vector<Piece> Advance(Time now);

  /// Null for one that was forgotten.
  [[nodiscard]] const Progress* Find(std::uint64_t number) const;
  /// After its last piece.
  void Forget(std::uint64_t number) { requests_.erase(number); }

  [[nodiscard]] const Law& law() const { return law_; }
  /// While it lies ahead, nothing is answered.
  [[nodiscard]] Time stalled_until() const { return stalled_until_; }
  /// Empty where no model is loaded, else the options it was loaded with.
  [[nodiscard]] const std::optional<std::string>& loaded() const { return loaded_; }

 private:
  enum class Step { kStall, kWake, kQueue, kLoaded, kToken };
  struct Event {
    Time time;
    std::uint64_t order = 0;  // of those at one time
    Step step = Step::kWake;
    std::uint64_t number = 0;
    bool operator>(const Event& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  void Schedule(Time time, Step step, std::uint64_t number = 0);
  void Play(const Event& event, std::vector<Piece>& pieces);
  void BeginStall(Time now);
  void BeginLoad(Time now, std::string runner);
  void FillSlots(Time now);
  void Sample(Progress& progress, Time now, std::vector<Piece>& pieces);
  void Send(Progress& progress, Time now, std::vector<Piece>& pieces);
  void End(Progress& progress, Time now);
  [[nodiscard]] Time After(Time begin, double seconds) const;

  Law law_;
  Time start_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, Progress> requests_;
  std::deque<std::uint64_t> queue_;
  std::int64_t to_queue_ = 0;  // those that are on their way to it
  std::int64_t active_ = 0;
  std::optional<std::string> loaded_;
  std::optional<std::string> loading_;
  Time load_begin_;
  Time load_end_;
  bool is_to_unload_ = false;
  Time stalled_until_;
};

}  // namespace ollama_bench::simulator
