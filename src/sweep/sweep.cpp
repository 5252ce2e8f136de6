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
    WatchOthers();
    const Cell& cell = visit->cell;
    ++visited_;
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

// Others may use the server meanwhile; what they load takes memory.
void Sweep::WatchOthers() {
  std::vector<std::string> others = seams_.driver.OtherModels();
  std::vector<std::string> more;
  for (const std::string& name : others) {
    const auto& known = facts_.other_models_loaded;
    if (std::find(known.begin(), known.end(), name) == known.end()) more.push_back(name);
  }
  facts_.other_models_loaded = std::move(others);
  if (more.empty()) return;
  seams_.observer.OnNotice(NoticeLevel::kWarning,
                           fmt::format("others loaded {} meanwhile, which takes memory; `ollama "
                                       "stop NAME` frees it",
                                       fmt::join(more, ", ")));
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
    if (seams_.watch != nullptr) seams_.watch->Begin();
    const auto done = runner_.Run(visit, attempt);
    has_loaded_ = has_loaded_ || runner_.has_loaded();
    if (done) return failed.empty() ? CellEnd::kFinished : Record(cell, std::move(failed));
    if (const auto* error = std::get_if<StoreError>(&done.error())) {
      return End(stop_.Requested() ? Reason::kStopRequested : Reason::kStoreError, error->message);
    }
    const Failure failure = Examine(std::get<Failure>(done.error()));
    VisitRecord record = runner_.visit();
    record.failure = failure;
    record.failure->attempts = attempt;
    switch (ResponseTo(failure.kind, attempt == 1 && OthersWereLoaded(failure))) {
      case FailureResponse::kStopRequested:
        return End(Reason::kStopRequested, {});
      case FailureResponse::kStopSweep:
        return End(Reason::kHopeless, failure.message);
      case FailureResponse::kRecord:
        failed.push_back(std::move(record));
        if (IsEverybodys(cell, failure)) return CellEnd::kEndSweep;
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
        if (attempt >= kMostAttempts) {
          if (IsEverybodys(cell, failure)) return CellEnd::kEndSweep;
          return Record(cell, std::move(failed));
        }
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

bool Sweep::ServerAnswers() {
  const auto facts = seams_.driver.Connect();
  return facts || facts.error().kind != FailureKind::kServerUnavailable;
}

// Words do not say for certain whose end it was: the runner's, the server's, or that of a proxy
// between. In this order: what the kernel counts, whether the server's process is the same, whether
// it answers, whether the model is still in memory.
Failure Sweep::Examine(Failure failure) {
  using enum FailureKind;
  const bool is_lost = failure.kind == kServerUnavailable;
  const bool is_vague =
      failure.kind == kRunnerCrash || failure.kind == kUnknown || failure.kind == kNoMetrics;
  if (!is_lost && !is_vague) return failure;
  const ServerFate fate = seams_.watch != nullptr ? seams_.watch->Look() : ServerFate();
  const auto become = [&failure](FailureKind kind, std::string_view why) {
    failure.kind = kind;
    failure.message += fmt::format("; {}", why);
    return failure;
  };
  if (fate.ended_for_memory) {
    return become(kOutOfMemory, "the kernel ended a process for lack of memory");
  }
  if (fate.survived == false) {
    return is_lost ? failure : become(kServerUnavailable, "the server has ended");
  }
  const bool answers = (is_vague || fate.survived) && ServerAnswers();
  if (is_lost) {
    if (!answers) return failure;
    return become(kRunnerCrash, "the server itself runs on");
  }
  if (!answers) return become(kServerUnavailable, "the server does not answer");
  if (failure.kind == kUnknown && runner_.has_loaded() && !seams_.driver.Loaded()) {
    return become(kRunnerCrash, "the model is no longer in memory");
  }
  return failure;
}

// Memory that others held when the cell was loaded, or hold now, can be enough without them.
bool Sweep::OthersWereLoaded(const Failure& failure) {
  if (failure.kind != FailureKind::kOutOfMemory) return false;
  return !facts_.other_models_loaded.empty() || !seams_.driver.OtherModels().empty();
}

bool Sweep::IsEverybodys(const Cell& cell, const Failure& failure) {
  using enum FailureKind;
  const bool depends_on_cell = failure.kind == kOutOfMemory || failure.kind == kPromptTruncated ||
                               failure.kind == kNotRecorded;
  if (has_loaded_ || depends_on_cell) return false;
  if (visited_ == 1) first_ = {cell, failure};
  if (visited_ != 2 || !first_) return false;
  const auto& [other, earlier] = *first_;
  if (other == cell || earlier.kind != failure.kind || earlier.message != failure.message) {
    return false;
  }
  // Without a load id the model was not even created.
  const bool was_tried = runner_.visit().load_id != 0;
  const bool is_alike =
      !was_tried || (failure.kind == kPromptTooLong
                         ? other[Parameter::kPromptTokens] == cell[Parameter::kPromptTokens]
                         : SmallestFailsAlike(cell, failure));
  if (!is_alike) return false;
  Forget(other);
  End(Reason::kHopeless,
      fmt::format(
          "{}; the first two settings failed alike before any load, so the cause is none of "
          "theirs, and none is recorded as failed",
          failure.message));
  return true;
}

// Whether so little that it must fit fails as well.
bool Sweep::SmallestFailsAlike(const Cell& cell, const Failure& failure) {
  constexpr int kSmallContext = 512;
  constexpr int kSmallBatch = 32;
  if (failure.kind != FailureKind::kCannotLoad && failure.kind != FailureKind::kUnknown)
    return false;
  Cell small = cell;
  if (cell.Sets(Parameter::kNumCtx)) {
    small.Set(Parameter::kNumCtx, std::min(cell[Parameter::kNumCtx], kSmallContext));
  }
  if (cell.Sets(Parameter::kNumBatch)) {
    small.Set(Parameter::kNumBatch, std::min(cell[Parameter::kNumBatch], kSmallBatch));
  }
  if (const auto prepared = seams_.driver.Prepare(small); !prepared) return false;
  const auto run = seams_.driver.Run("Hi");
  return !run && run.error().kind == failure.kind && run.error().message == failure.message;
}

// Of a cell that failed for a reason that was not its own.
void Sweep::Forget(const Cell& cell) {
  const CellResult* result = seams_.store.Find(cell);
  if (result == nullptr || !result->samples.empty()) return;
  seams_.store.Remove(cell);
  [[maybe_unused]] const auto saved = seams_.saver.Save();
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
    const FailureKind kind = facts.error().kind;
    const bool may_pass = kind == FailureKind::kServerUnavailable ||
                          kind == FailureKind::kServerBusy || kind == FailureKind::kInterrupted;
    if (!may_pass) {
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
