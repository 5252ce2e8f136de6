#include "ollama_bench/session/prompt_session.h"

#include <fmt/format.h>

#include <cmath>
#include <future>
#include <memory>
#include <utility>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/generate_request.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/ollama/server_check.h"
#include "ollama_bench/ollama/stream_client.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/session_driver.h"
#include "ollama_bench/store/prompt_lines.h"
#include "ollama_bench/store/request_log.h"
#include "ollama_bench/workload/prompt_pass.h"
#include "ollama_bench/workload/prompt_timing.h"
#include "prompt_outputs.h"
#include "prompt_turns.h"

namespace ollama_bench {
namespace {

using Error = Unexpected<SessionError>;

constexpr std::string_view kOutputOption = "--output";

/// Turns what came of requests into records.
class RecordMaker {
 public:
  RecordMaker(const PromptPlan& plan, PromptConfig config, Labels labels)
      : plan_(plan),
        config_(std::move(config)),
        labels_(std::move(labels)),
        steady_(std::chrono::steady_clock::now()),
        wall_(std::chrono::system_clock::now()) {}

  [[nodiscard]] StreamRequest RequestOf(const PromptTurn& turn,
                                        std::chrono::seconds timeout) const {
    const PromptItem& item = plan_.items()[turn.item];
    GenerateRequest request;
    request.model = config_.model;
    request.prompt = item.prompt;
    request.messages = item.messages;
    request.num_predict = config_.num_predict;
    request.seed = plan_.SeedOf(turn.item);
    request.timeout = timeout;
    StreamRequest streamed = StreamRequestOf(request);
    streamed.keep_text = true;
    return streamed;
  }

  [[nodiscard]] PromptRecord RecordOf(const PromptTurn& turn, PassAnswer answer) const {
    PromptRecord record;
    StreamRecord& stream = answer.record;
    record.item = plan_.items()[turn.item];
    record.response = std::move(stream.text);
    record.config = config_;
    record.config.endpoint = record.item.messages.empty() ? "/api/generate" : "/api/chat";
    record.config.seed = plan_.SeedOf(turn.item);
    record.labels = labels_;
    record.timing = TimingOf(stream);
    record.step_ms = StepTimes(stream);
    record.repeat = turn.repeat;
    record.place = plan_.PlaceOf(turn.item);
    const auto begin = stream.sent.value_or(stream.due);
    record.started_unix_s = WallTime(begin);
    record.lasted_ms = std::chrono::duration<double, std::milli>(stream.ended - begin).count();
    record.slot = static_cast<int>(answer.slot);
    record.is_first_after_load = answer.is_first_after_load;
    record.end = KeyOf(stream.end);
    record.done_reason = Printable(StartOf(stream.done_reason, 80), false);
    record.failure = std::move(stream.failure);
    if (record.failure) record.failure->message = Printable(record.failure->message, false);
    record.merged_chunks = static_cast<std::int64_t>(stream.merged_chunks);
    record.unstamped_reads = static_cast<std::int64_t>(stream.unstamped_reads);
    return record;
  }

 private:
  // Seconds since 1970 to a microsecond, by the monotonic clock from the start on.
  [[nodiscard]] double WallTime(StreamRecord::Time time) const {
    const auto since = wall_.time_since_epoch() + (time - steady_);
    return std::round(std::chrono::duration<double, std::micro>(since).count()) / 1e6;
  }

  const PromptPlan& plan_;
  PromptConfig config_;
  Labels labels_;
  std::chrono::steady_clock::time_point steady_;
  std::chrono::system_clock::time_point wall_;
};

/// What is known of the server before the first request.
struct PromptServer {
  FileLock lock;
  PromptConfig config;
  bool is_loaded = false;  ///< the model, before this start
};

class PromptSession {
 public:
  PromptSession(const PromptsOptions& options, const StopRequest& stop, PromptsObserver& observer)
      : options_(options), stop_(stop), observer_(observer) {}

  Expected<PromptsOutcome, SessionError> Run() {
    if (auto fits = CheckPromptOutputs(file_system_, options_); !fits) return Error(fits.error());
    auto plan = PromptPlan::Make(options_);
    if (!plan) return Error(plan.error());
    plan_.emplace(std::move(*plan));
    auto log = RequestLog::Open(file_system_, options_.output, clock_, kOutputOption,
                                [this](std::string_view line) { return plan_->TakeStored(line); });
    if (!log) return Error(RefusedOutput(log.error()));
    log_.emplace(std::move(*log));
    if (log_->was_torn()) {
      observer_.OnWarning(fmt::format("the last line of {} was cut off; its prompt is asked again",
                                      options_.output.string()));
    }
    turns_ = plan_->Remaining();
    outcome_.planned = plan_->turns().size();
    outcome_.done = outcome_.planned - turns_.size();
    if (!turns_.empty()) {
      if (auto asked = AskRemaining(); !asked) return Error(asked.error());
    }
    return Conclude();
  }

 private:
  [[nodiscard]] SessionError RefusedOutput(const StoreError& error) const {
    SessionError refused = ToSessionError(error);
    if (error.kind == StoreError::Kind::kDamaged) {
      refused.message += fmt::format("; name another file with {} FILE", kOutputOption);
    }
    return refused;
  }

  Expected<void, SessionError> AskRemaining() {
    const auto address = FindServer(options_.host);
    if (!address) return Error(address.error());
    auto server = Meet(*address);
    if (!server) return Error(server.error());
    outcome_.caption.model = server->config.model;
    observer_.OnBegin({server->config.model, server->config.ollama_version, address->Url(),
                       DescribeDataSet(), outcome_.planned, outcome_.done});
    if (!plan_->replaced().empty()) {
      std::size_t number = 0;
      const auto kept = log_->Keep(
          [&](std::string_view /*line*/) { return !plan_->replaced().contains(number++); });
      if (!kept) return Error(ToSessionError(kept.error()));
    }
    return Ask(*address, *server);
  }

  Expected<PromptServer, SessionError> Meet(const ServerAddress& address) {
    auto lock = LockMachineOf(address, clock_);
    if (!lock) return Error(lock.error());
    OllamaApi api(address, stop_, options_.log);
    const auto version = ReachServer(api);
    if (!version) return Fail(version.error());
    if (options_.model.empty()) {
      const auto models = api.Models();
      if (!models) return Fail(models.error());
      return Fail(ExitCode::kUsage, NoModelNamed(*models, address.Url(), "prompts"));
    }
    const auto model = RequireModel(api, options_.model);
    if (!model) return Fail(model.error());
    PromptServer server{std::move(*lock), {}, FindLoaded(api, model->name).has_value()};
    server.config.model = model->name;
    server.config.digest = model->digest;
    server.config.ollama_version = *version;
    server.config.num_predict = options_.max_new_tokens;
    if (auto fits = CheckStored(server.config); !fits) return Error(fits.error());
    const auto others = OtherModelsLoaded(api, model->name);
    if (others && !others->empty()) {
      observer_.OnWarning(
          fmt::format("the server has other models in memory: {}", fmt::join(*others, ", ")));
    }
    return server;
  }

  Expected<void, SessionError> CheckStored(const PromptConfig& config) const {
    const auto& stored = plan_->stored();
    if (!stored) return {};
    const auto differs = [this](std::string_view what, const std::string& then,
                                const std::string& now) {
      return Fail(ExitCode::kStore,
                  fmt::format("{} was made with {} {}, and this is {}; name another file with {} "
                              "FILE",
                              options_.output.string(), what, then, now, kOutputOption));
    };
    if (stored->digest != config.digest) {
      return differs("the model", stored->digest, config.digest);
    }
    if (stored->ollama_version != config.ollama_version) {
      return differs("Ollama", stored->ollama_version, config.ollama_version);
    }
    return {};
  }

  [[nodiscard]] std::string DescribeDataSet() const {
    const std::string name = options_.input.empty()  ? "five built-in prompts"
                             : options_.input == "-" ? "standard input"
                                                     : options_.input.string();
    std::string text = fmt::format("{} prompts ({})", plan_->items().size(), name);
    if (!options_.shard.empty()) text += fmt::format(", shard {}", options_.shard);
    if (options_.repeat > 1) text += fmt::format(", {} times each", options_.repeat);
    return text;
  }

  Expected<void, SessionError> Ask(const ServerAddress& address, const PromptServer& server) {
    StreamClient client(address, options_.log);
    const RecordMaker maker(*plan_, server.config, options_.labels);
    std::optional<StoreError> lost;
    PassSeams seams;
    seams.request = [&](std::size_t turn) {
      return maker.RequestOf(turns_[turn], options_.timeout);
    };
    seams.on_answer = [&](PassAnswer answer) {
      const PromptTurn& turn = turns_[answer.turn];
      const PromptRecord record = maker.RecordOf(turn, std::move(answer));
      if (auto kept = log_->Append(FormatPromptLine(record)); !kept) {
        lost = kept.error();
        return false;
      }
      if (record.end != KeyOf(StreamEnd::kCancelled)) ++outcome_.done;
      observer_.OnRecord(record, outcome_.done);
      return true;
    };
    seams.on_idle = [&] {
      // What cannot be synced now is reported by the next append, or at the end.
      [[maybe_unused]] const auto synced = log_->SyncIfDue();
      observer_.OnIdle();
    };
    const PassEnd end = RunPass(
        client, {turns_.size(), static_cast<std::size_t>(options_.concurrency), server.is_loaded},
        seams, stop_);
    if (!server.is_loaded) Unload(client, server.config.model);
    const auto synced = log_->Sync();
    if (!synced && !lost) lost = synced.error();
    if (lost) return Error(ToSessionError(*lost));
    outcome_.gave_up = end.failure;
    return {};
  }

  // As the user had it before. After a stop request there is no time to wait for it.
  void Unload(RequestClient& client, const std::string& model) const {
    using std::chrono::milliseconds;
    StreamRequest request = UnloadRequestOf(model);
    request.timeout = milliseconds(stop_.Requested() ? 100 : 5000);
    const auto over = std::make_shared<std::promise<void>>();
    client.Send(std::move(request), [over](const StreamRecord& /*record*/) { over->set_value(); });
    over->get_future().wait_for(milliseconds(stop_.Requested() ? 100 : 5000));
  }

  Expected<PromptsOutcome, SessionError> Conclude() {
    if (outcome_.caption.model.empty() && plan_->stored()) {
      outcome_.caption.model = plan_->stored()->model;
    }
    outcome_.caption.concurrency = options_.concurrency;
    outcome_.caption.shard = options_.shard;
    outcome_.caption.bad_entries = plan_->set().bad_count;
    outcome_.caption.bad_places = DescribeBadPlaces(plan_->set());
    if (stop_.Requested()) return std::move(outcome_);
    PromptOutputs outputs(file_system_, options_, outcome_.caption, outcome_.planned);
    if (auto begun = outputs.Begin(); !begun) return Error(begun.error());
    const auto read =
        ReadPromptRecords(file_system_, options_.output, [&](const PromptRecord& record) {
          if (plan_->Holds(record)) outputs.Add(record);
        });
    if (!read) return Error(RefusedOutput(read.error()));
    auto finished = outputs.Finish();
    if (!finished) return Error(finished.error());
    outcome_.summary = std::move(*finished);
    outcome_.written = outputs.written();
    return std::move(outcome_);
  }

  const PromptsOptions& options_;
  const StopRequest& stop_;
  PromptsObserver& observer_;
  PosixFileSystem file_system_;
  SystemClock clock_;
  std::optional<PromptPlan> plan_;
  std::optional<RequestLog> log_;
  std::vector<PromptTurn> turns_;
  PromptsOutcome outcome_;
};

}  // namespace

Expected<PromptsOutcome, SessionError> RunPrompts(const PromptsOptions& options,
                                                  const StopRequest& stop,
                                                  PromptsObserver& observer) {
  return PromptSession(options, stop, observer).Run();
}

}  // namespace ollama_bench
