#include "support/simulator/simulated_client.h"

#include <utility>

#include "support/simulator/wire.h"

namespace ollama_bench::simulator {
namespace {

StreamEnd EndOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return StreamEnd::kDone;
    case Outcome::kError:
      return StreamEnd::kErrorLine;
    case Outcome::kNoDone:
      return StreamEnd::kUnfinished;
    case Outcome::kCut:
      return StreamEnd::kBroken;
    case Outcome::kRefused:
      return StreamEnd::kRefused;
    case Outcome::kCancelled:
      return StreamEnd::kCancelled;
  }
  return StreamEnd::kBroken;
}

// As Ollama, which leaves out what is zero.
template <class Value>
std::optional<Value> UnlessZero(Value value) {
  return value == Value() ? std::nullopt : std::optional(value);
}

RunMetrics MetricsOf(const Progress& progress, const Law& law) {
  using std::chrono::nanoseconds;
  RunMetrics metrics;
  metrics.total = UnlessZero(nanoseconds(progress.end - progress.arrival));
  metrics.load = UnlessZero(progress.load);
  metrics.prompt_eval_count = UnlessZero(progress.request.prompt_tokens);
  if (law.reports_cached) metrics.prompt_eval_cached = progress.cached;
  metrics.prompt_eval = UnlessZero(nanoseconds(progress.first_token - progress.slot));
  metrics.eval_count = UnlessZero(progress.tokens);
  metrics.eval = UnlessZero(nanoseconds(progress.end - progress.first_token));
  return metrics;
}

ChunkKind KindOf(Piece::Kind kind) {
  if (kind == Piece::Kind::kEmpty) return ChunkKind::kEmpty;
  return kind == Piece::Kind::kThinking ? ChunkKind::kThinking : ChunkKind::kText;
}

}  // namespace

SimulatedClient::SimulatedClient(Law law)
    : engine_(std::move(law), std::chrono::steady_clock::now()),
      now_(std::chrono::steady_clock::now()),
      thread_([this] { Run(); }) {}

SimulatedClient::~SimulatedClient() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::uint64_t SimulatedClient::Send(StreamRequest request, OnEnd on_end) {
  const std::lock_guard lock(mutex_);
  commands_.push_back({next_id_, std::move(request), std::move(on_end)});
  changed_.notify_one();
  return next_id_++;
}

void SimulatedClient::Cancel(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  commands_.push_back({id, {}, nullptr});
  changed_.notify_one();
}

std::vector<SimulatedClient::Command> SimulatedClient::TakeCommands() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_ending_ || !commands_.empty() || engine_.Next(); });
  if (is_ending_ && commands_.empty()) return {};
  return std::exchange(commands_, {});
}

void SimulatedClient::Run() {
  while (true) {
    for (Command& command : TakeCommands()) {
      if (command.on_end) {
        Begin(std::move(command));
      } else {
        End(command.id, StreamEnd::kCancelled);
      }
    }
    {
      const std::lock_guard lock(mutex_);
      if (!commands_.empty()) continue;
      if (is_ending_) break;
    }
    if (const auto next = engine_.Next()) {
      now_ = std::max(now_, *next);
      for (const Piece& piece : engine_.Advance(now_)) Play(piece);
    }
  }
  while (!exchanges_.empty()) End(exchanges_.begin()->first, StreamEnd::kCancelled);
}

void SimulatedClient::Begin(Command command) {
  const Asked asked =
      ReadAsked(command.request.path == "/api/chat" ? Dialect::kChat : Dialect::kGenerate,
                Json::parse(command.request.body));
  Exchange& exchange = exchanges_[command.id];
  exchange.on_end = std::move(command.on_end);
  exchange.record.due = now_;
  exchange.record.sent = now_;
  const Progress& progress = engine_.Arrive(now_, asked.request);
  exchange.number = progress.number;
  id_of_[progress.number] = command.id;
  if (progress.outcome == Outcome::kRefused) End(command.id, StreamEnd::kRefused);
}

void SimulatedClient::Play(const Piece& piece) {
  const auto found = id_of_.find(piece.number);
  if (found == id_of_.end()) return;
  const std::uint64_t id = found->second;
  StreamRecord& record = exchanges_.at(id).record;
  if (!record.first_byte) record.first_byte = piece.time;
  if (!piece.IsEnd()) {
    const ChunkKind kind = KindOf(piece.kind);
    record.chunks.push_back({piece.time, 0, kind});
    if (kind != ChunkKind::kEmpty && !record.first_text) record.first_text = piece.time;
    if (kind == ChunkKind::kText && !record.first_answer) record.first_answer = piece.time;
    return;
  }
  const Progress& progress = *engine_.Find(piece.number);
  if (piece.kind == Piece::Kind::kLast) {
    record.done = piece.time;
    record.done_reason = progress.stops_early ? "stop" : "length";
    record.metrics = MetricsOf(progress, engine_.law());
  }
  End(id, EndOf(progress.outcome));
}

void SimulatedClient::End(std::uint64_t id, StreamEnd end) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  Exchange exchange = std::move(found->second);
  exchanges_.erase(found);
  if (end == StreamEnd::kCancelled) engine_.Cancel(now_, exchange.number);
  id_of_.erase(exchange.number);
  engine_.Forget(exchange.number);
  exchange.record.end = end;
  exchange.record.ended = now_;
  if (end == StreamEnd::kCancelled) {
    exchange.record.failure = Failure{FailureKind::kInterrupted, "stopped", {}, 1};
  } else if (end != StreamEnd::kDone) {
    exchange.record.failure = Failure{FailureKind::kUnknown, "the law has it so", {}, 1};
  }
  exchange.on_end(std::move(exchange.record));
}

}  // namespace ollama_bench::simulator
