#include "ollama_bench/sweep/sweep.h"

#include <fmt/format.h>

#include <algorithm>

#include "failure_response.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

using Reason = SweepOutcome::Reason;

constexpr int kMostAttempts = 2;
constexpr std::chrono::seconds kServerPoll{2};
constexpr std::chrono::seconds kClockTolerance{2};  // more than time servers correct at once
// A server that dies again and again under the same cell is no accident, yet not proof against it.
constexpr int kMostServerLosses = 5;

}  // namespace

Sweep::Sweep(CellRunner& runner, CellRunnerSeams seams, Strategy& strategy, const StopRequest& stop,
             ServerFacts facts)
    : runner_(runner), seams_(seams), strategy_(strategy), stop_(stop), facts_(std::move(facts)) {}

SweepOutcome Sweep::Run() {
  while (!stop_.Requested()) {
    const std::optional<Visit> visit = strategy_.Next();
    if (!visit) return {};
    WatchClock();
    const Cell& cell = visit->cell;
    seams_.observer.OnCellStart(*visit, strategy_.Remaining());
    if (MeasureCell(*visit) == CellEnd::kEndSweep) return outcome_;
    const CellResult* result = seams_.store.Find(cell);
    // Someone may have deleted the entry by hand at this moment; the next start measures it again.
    CellResult gone;
    gone.cell = cell;
    strategy_.Report(result != nullptr ? *result : gone);
    seams_.observer.OnCellEnd(result != nullptr ? *result : gone);
  }
  return {Reason::kStopRequested, {}};
}

// Durations come from the monotonic clock; only the order of the timestamps suffers.
void Sweep::WatchClock() {
  const std::chrono::nanoseconds ahead =
      seams_.clock.WallTime().time_since_epoch() - seams_.clock.Now().time_since_epoch();
  if (wall_ahead_ && ahead < *wall_ahead_ - kClockTolerance) {
    seams_.observer.OnNotice(
        NoticeLevel::kWarning,
        fmt::format("the system's clock was set back by {}; the timestamps are out of order, the "
                    "rates are not touched",
                    FormatDuration(*wall_ahead_ - ahead)));
  }
  wall_ahead_ = ahead;
}

Sweep::CellEnd Sweep::End(Reason reason, std::string message) {
  outcome_ = {reason, std::move(message)};
  return CellEnd::kEndSweep;
}

Sweep::CellEnd Sweep::MeasureCell(const Visit& visit) {
  const Cell& cell = visit.cell;
  int attempt = 1;
  int losses = 0;
  // Kept until it is known how the cell ends: a start that ends before has not yet failed at it.
  std::vector<VisitRecord> failed;
  while (true) {
    const auto done = runner_.Run(visit, attempt);
    if (done) return failed.empty() ? CellEnd::kFinished : Record(cell, std::move(failed));
    if (const auto* error = std::get_if<StoreError>(&done.error())) {
      return End(stop_.Requested() ? Reason::kStopRequested : Reason::kStoreError, error->message);
    }
    const auto& failure = std::get<Failure>(done.error());
    VisitRecord record = runner_.visit();
    record.failure = failure;
    record.failure->attempts = attempt;
    switch (ResponseTo(failure.kind, !facts_.other_models_loaded.empty())) {
      case FailureResponse::kStopRequested:
        return End(Reason::kStopRequested, {});
      case FailureResponse::kStopSweep:
        return End(Reason::kHopeless, failure.message);
      case FailureResponse::kRecord:
        failed.push_back(std::move(record));
        return Record(cell, std::move(failed));
      case FailureResponse::kWaitForServer:
        if (++losses > kMostServerLosses) {
          return End(Reason::kHopeless, fmt::format("the server went away {} times at {}: {}",
                                                    losses, NameOf(cell), failure.message));
        }
        if (!WaitForServer(failure)) return CellEnd::kEndSweep;
        break;
      case FailureResponse::kRetryOnce:
        failed.push_back(std::move(record));
        if (attempt >= kMostAttempts) return Record(cell, std::move(failed));
        ++attempt;
        seams_.observer.OnNotice(NoticeLevel::kInfo,
                                 fmt::format("{}; trying once more", failure.message));
        break;
    }
  }
}

Sweep::CellEnd Sweep::Record(const Cell& cell, std::vector<VisitRecord> visits) {
  for (VisitRecord& visit : visits) runner_.Record(cell, std::move(visit));
  const auto saved = seams_.saver.Save();
  if (saved) return CellEnd::kFinished;
  return End(stop_.Requested() ? Reason::kStopRequested : Reason::kStoreError,
             saved.error().message);
}

// True when the same server is back; otherwise outcome_ says why the sweep ends.
bool Sweep::WaitForServer(const Failure& failure) {
  seams_.observer.OnNotice(
      NoticeLevel::kWarning,
      fmt::format("{}; waiting for the server, which does not count against the cell",
                  failure.message));
  while (true) {
    seams_.clock.Sleep(kServerPoll, stop_);
    if (stop_.Requested()) {
      End(Reason::kStopRequested, {});
      return false;
    }
    const auto facts = seams_.driver.Connect();
    if (facts) {
      if (!IsSameServer(*facts)) return false;
      seams_.observer.OnNotice(NoticeLevel::kInfo, "the server answers again");
      return true;
    }
    if (facts.error().kind != FailureKind::kServerUnavailable &&
        facts.error().kind != FailureKind::kInterrupted) {
      End(Reason::kHopeless, facts.error().message);
      return false;
    }
  }
}

bool Sweep::IsSameServer(const ServerFacts& now) {
  if (now.ollama_version != facts_.ollama_version) {
    End(Reason::kServerChanged,
        fmt::format("the server came back as Ollama {}, the sweep was made with {}",
                    now.ollama_version, facts_.ollama_version));
    return false;
  }
  if (now.model_digest != facts_.model_digest) {
    End(Reason::kServerChanged, "the model changed on the server while the sweep ran");
    return false;
  }
  return true;
}

}  // namespace ollama_bench
