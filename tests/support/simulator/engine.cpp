#include "support/simulator/engine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ollama_bench::simulator {

using std::chrono::nanoseconds;

namespace {

nanoseconds Nanoseconds(double seconds) {
  return nanoseconds(std::llround(seconds * 1e9));
}

}  // namespace

Engine::Engine(Law law, Time start) : law_(std::move(law)), start_(start), stalled_until_(start) {
  if (law_.stall && law_.stall->at_s) {
    Schedule(start + Nanoseconds(*law_.stall->at_s), Step::kStall);
  }
}

const Progress& Engine::Arrive(Time now, Request request) {
  Progress& progress = requests_[++last_number_];
  progress.number = last_number_;
  progress.arrival = progress.slot = progress.first_token = progress.end = now;
  progress.fault = law_.FaultOf(progress.number);
  progress.step_factor = law_.Jitter(progress.number);
  progress.planned_tokens = law_.Tokens(progress.number, request.num_predict);
  progress.stops_early = law_.length.kind != Length::Kind::kAsked &&
                         (request.num_predict < 1 || progress.planned_tokens < request.num_predict);
  progress.cached = std::llround(law_.cached_share * static_cast<double>(request.prompt_tokens));
  progress.request = std::move(request);
  if (law_.stall && law_.stall->at_request == static_cast<std::int64_t>(progress.number)) {
    BeginStall(now);
  }
  // A request that finds a free slot does not wait.
  const std::int64_t waiting = static_cast<std::int64_t>(queue_.size()) + to_queue_;
  const bool is_full = active_ + waiting >= law_.slots + law_.queue_limit;
  if (is_full || (progress.fault != nullptr && progress.fault->kind == Fault::Kind::kRefuse)) {
    progress.outcome = Outcome::kRefused;
    return progress;
  }
  ++to_queue_;
  Schedule(std::max(now, stalled_until_) + Nanoseconds(law_.overhead_s), Step::kQueue,
           progress.number);
  return progress;
}

void Engine::Cancel(Time now, std::uint64_t number) {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return;
  if (found->second.outcome != Outcome::kRefused) {
    found->second.outcome = Outcome::kCancelled;
    std::erase(queue_, number);
    if (std::exchange(found->second.has_slot, false)) --active_;
    Schedule(std::max(now, stalled_until_), Step::kWake);
  }
  found->second.end = now;
}

void Engine::Unload(Time now) {
  is_to_unload_ = true;
  Schedule(std::max(now, stalled_until_), Step::kWake);
}

void Engine::Load(Time now, const std::string& runner) {
  if (loaded_ == runner || loading_ || active_ > 0) return;
  BeginLoad(std::max(now, stalled_until_), runner);
}

std::optional<Time> Engine::Next() const {
  if (events_.empty()) return std::nullopt;
  return events_.top().time;
}

std::vector<Piece> Engine::Advance(Time now) {
  constexpr std::size_t kMostAtOnce = 4096;
  std::vector<Piece> pieces;
  while (!events_.empty() && events_.top().time <= now && pieces.size() < kMostAtOnce) {
    const Event event = events_.top();
    events_.pop();
    Play(event, pieces);
  }
  return pieces;
}

const Progress* Engine::Find(std::uint64_t number) const {
  const auto found = requests_.find(number);
  return found == requests_.end() ? nullptr : &found->second;
}

void Engine::Schedule(Time time, Step step, std::uint64_t number) {
  events_.push({time, order_++, step, number});
}

void Engine::Play(const Event& event, std::vector<Piece>& pieces) {
  if (event.step == Step::kStall) return BeginStall(event.time);
  if (event.step == Step::kQueue) --to_queue_;
  if (event.step == Step::kLoaded) {
    loaded_ = std::exchange(loading_, std::nullopt);
    load_end_ = event.time;
  }
  const auto found = requests_.find(event.number);
  const bool is_alive = found != requests_.end() && found->second.outcome != Outcome::kCancelled;
  if (event.step == Step::kToken && is_alive) Sample(found->second, event.time, pieces);
  if (event.step == Step::kQueue && is_alive) queue_.push_back(event.number);
  if (event.step != Step::kToken) FillSlots(event.time);
}

// All that lies ahead comes later by the length of the stall.
void Engine::BeginStall(Time now) {
  const nanoseconds length = Nanoseconds(law_.stall->for_s);
  std::vector<Event> delayed;
  for (; !events_.empty(); events_.pop()) delayed.push_back(events_.top());
  for (Event& event : delayed) {
    event.time += length;
    events_.push(event);
  }
  stalled_until_ = now + length;
  Schedule(stalled_until_, Step::kWake);
}

void Engine::BeginLoad(Time now, std::string runner) {
  loaded_.reset();
  loading_ = std::move(runner);
  load_begin_ = now;
  Schedule(now + Nanoseconds(law_.load_s), Step::kLoaded);
}

void Engine::FillSlots(Time now) {
  if (is_to_unload_ && active_ == 0 && queue_.empty() && !loading_) {
    is_to_unload_ = false;
    loaded_.reset();
  }
  while (!queue_.empty() && active_ < law_.slots && !loading_) {
    Progress& next = requests_.at(queue_.front());
    if (loaded_ != next.request.runner) {
      // What was loaded with other options is first let finish.
      if (active_ == 0) BeginLoad(now, next.request.runner);
      return;
    }
    queue_.pop_front();
    ++active_;
    next.has_slot = true;
    next.slot = now;
    next.load = std::max(nanoseconds(0), load_end_ - std::max(next.arrival, load_begin_));
    Schedule(After(now, law_.PrefillSeconds(next.request.prompt_tokens - next.cached)),
             Step::kToken, next.number);
  }
}

Time Engine::After(Time begin, double seconds) const {
  const double since = std::chrono::duration<double>(begin - start_).count();
  return begin + Nanoseconds(seconds / law_.Speed(since));
}

// One token more.
void Engine::Sample(Progress& progress, Time now, std::vector<Piece>& pieces) {
  if (progress.tokens++ == 0) progress.first_token = now;
  progress.end = now;
  ++progress.pending;
  const bool is_last = progress.tokens == progress.planned_tokens;
  const bool fails = progress.fault != nullptr && progress.tokens == progress.fault->after_tokens;
  if (law_.empty_first_chunk && progress.tokens == 1) {
    progress.pending = 0;
    pieces.push_back({now, progress.number, Piece::Kind::kEmpty, 1, 0});
  }
  if (is_last && progress.stops_early) --progress.pending;
  const bool is_held = law_.utf8_holdback > 0 && progress.tokens % law_.utf8_holdback == 0;
  const bool is_whole = progress.pending >= law_.tokens_per_chunk && !is_held;
  const bool ends_thinking = progress.tokens == law_.thinking;
  if (is_last || fails || is_whole || ends_thinking) Send(progress, now, pieces);
  if (fails || is_last) {
    Piece::Kind kind = Piece::Kind::kLast;
    if (fails) {
      const bool has_error = progress.fault->kind == Fault::Kind::kError;
      const bool is_cut = progress.fault->kind == Fault::Kind::kCut;
      kind = has_error ? Piece::Kind::kError : is_cut ? Piece::Kind::kCut : Piece::Kind::kNoDone;
      progress.outcome = has_error ? Outcome::kError : is_cut ? Outcome::kCut : Outcome::kNoDone;
    }
    pieces.push_back({now, progress.number, kind, progress.tokens, 0});
    return End(progress, now);
  }
  Schedule(After(now, law_.StepSeconds(active_) * progress.step_factor), Step::kToken,
           progress.number);
}

void Engine::Send(Progress& progress, Time now, std::vector<Piece>& pieces) {
  if (progress.pending == 0) return;
  const bool drops_end = progress.stops_early && progress.tokens == progress.planned_tokens;
  const std::int64_t first = progress.tokens - progress.pending + (drops_end ? 0 : 1);
  const auto kind = first <= law_.thinking ? Piece::Kind::kThinking : Piece::Kind::kText;
  pieces.push_back({now, progress.number, kind, first, std::exchange(progress.pending, 0)});
}

void Engine::End(Progress& progress, Time now) {
  progress.has_slot = false;
  --active_;
  FillSlots(now);
}

}  // namespace ollama_bench::simulator
