#include "ollama_bench/sweep/cell_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "ollama_bench/core/median.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/plan/prompt_plan.h"
#include "ollama_bench/plan/repetitions.h"
#include "ollama_bench/workload/prompt_settler.h"
#include "ollama_bench/workload/verify.h"

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;

// Samples of one cell that may be set aside before the cell is given up.
constexpr int kMostDiscarded = 3;
// Samples of one load that are measured again because others disturbed them.
constexpr int kMostDisturbed = 3;
// A machine that was never quiet in so many loads may never be: then repeating costs time alone.
constexpr int kPatience = 3;
// Enough for a decode rate; a second or so where a model is used interactively.
constexpr int kDecodeTokens = 64;
// A guess for texts of which nothing is known: English has 4 to 5 bytes per token.
constexpr double kTokensPerByteGuess = 0.25;
// Of fewer readings the summary says as much: that is a sample shorter than a second.
constexpr std::size_t kFewestReadings = 6;

Unexpected<CellRunner::Error> Fail(FailureKind kind, std::string message) {
  return Unexpected<CellRunner::Error>(Failure{kind, std::move(message), {}, 1});
}

Failure CutPrompt(std::int64_t tokens, int num_predict, const Cell& cell) {
  return {FailureKind::kPromptTruncated,
          fmt::format("a prompt of {} tokens and num_predict {} do not fit in num_ctx {}", tokens,
                      num_predict, cell[Parameter::kNumCtx]),
          {},
          1};
}

std::string_view RemedyOf(const Disturbance& disturbance) {
  if (disturbance.cause == "gpu_slowed") return "Let it cool, and see to its fans and power supply";
  if (disturbance.cause == "gpu") return "End what computes there (see `nvidia-smi`)";
  return "End what runs (see `top`)";
}

}  // namespace

/// One load of the model, from its create to its last run.
struct CellRunner::Load {
  Cell cell;
  std::optional<int> samples;  // as in Visit
  int attempt = 1;
  int runs = 0;                       // counted from 1 in progress
  std::optional<nanoseconds> create;  // given to the first sample, then empty
  std::optional<LoadedModel> loaded;
  bool is_fresh = true;         // of this visit alone
  bool recorded = false;        // the visit, with its first sample
  std::vector<Sample> unsaved;  // warm-ups: saved with the first sample that counts
  int disturbed = 0;            // samples that others disturbed
  bool is_disturbed = false;    // so many that it ended without those that it was made for
};

CellRunner::CellRunner(CellRunnerOptions options, CellRunnerSeams seams, PromptFeed feed)
    : options_(options),
      seams_(seams),
      feed_(std::move(feed)),
      workload_(MakeWorkload(options.workload, options.traffic)) {
  const Metadata& metadata = seams_.store.metadata();
  Prompt& shared = prompts_[kAutoValue];
  shared.text = feed_.text();
  shared.built_in_tokens = options_.built_in_tokens;
  if (!options_.built_in_tokens) shared.tokens = metadata.identity.prompt_tokens;
  for (const PromptSize& known : metadata.prompt_sizes) {
    prompts_[known.length] = {known.length, BuiltInText(known.words), std::nullopt, known.words,
                              known.tokens};
  }
}

int CellRunner::NumPredictOf(const Cell& cell) const {
  return cell.Sets(Parameter::kNumPredict) ? cell[Parameter::kNumPredict] : options_.num_predict;
}

void CellRunner::UsePromptOf(const Cell& cell) {
  const int length = cell[Parameter::kPromptTokens];
  const auto [found, is_new] = prompts_.try_emplace(length);
  prompt_ = &found->second;
  if (is_new) {
    prompt_->length = length;
    prompt_->built_in_tokens = length;
  }
  feed_.SetText(prompt_->text);
}

std::optional<std::int64_t> CellRunner::DiskBytesRead() const {
  return seams_.probe != nullptr ? seams_.probe->DiskBytesRead() : std::nullopt;
}

std::string CellRunner::Timestamp() const {
  return FormatTimestamp(seams_.clock.WallTime());
}

void CellRunner::Record(const Cell& cell, VisitRecord visit) {
  Metadata metadata = seams_.store.metadata();
  const auto is_this = [this](const StartRecord& start) { return start.id == options_.start.id; };
  if (std::none_of(metadata.starts.begin(), metadata.starts.end(), is_this)) {
    metadata.starts.push_back(options_.start);
    seams_.store.SetMetadata(std::move(metadata));
  }
  seams_.store.SetVisit(cell, std::move(visit), Timestamp());
}

Expected<void, CellRunner::Error> CellRunner::Run(const Visit& visit, int attempt) {
  const Cell& cell = visit.cell;
  visit_ = {seams_.ids.Next(), visit.role, Timestamp(), 0, options_.start.id, std::nullopt};
  has_loaded_ = false;
  UsePromptOf(cell);
  const int num_predict = NumPredictOf(cell);
  if (prompt_->tokens && !FitsContext(cell, *prompt_->tokens, num_predict)) {
    return Unexpected<Error>(CutPrompt(*prompt_->tokens, num_predict, cell));
  }
  Load load;
  load.cell = cell;
  load.samples = visit.samples;
  load.attempt = attempt;
  seams_.observer.OnPhase(Phase::kCreate, 0);
  const auto read_before = DiskBytesRead();
  const auto prepared = seams_.driver.Prepare(cell);
  if (!prepared) return Unexpected<Error>(prepared.error());
  load.is_fresh = !prepared->is_loaded;
  if (load.is_fresh) load_id_ = seams_.ids.NextLoad();
  visit_.load_id = load_id_;
  load.create = prepared->create;
  if (options_.warm_up && (prompt_->built_in_tokens || !prepared->is_loaded)) {
    seams_.observer.OnPhase(Phase::kWarmUp, 0);
    const auto warm = prompt_->built_in_tokens ? MakePrompt(load) : WarmUp(load);
    if (!warm) return Unexpected<Error>(warm.error());
    const auto read = DiskBytesRead();
    if (load.is_fresh && read && read_before) visit_.load_disk_bytes = *read - *read_before;
  }
  if (const auto measured = Measure(load); !measured) return Unexpected<Error>(measured.error());
  disturbed_visits_ = load.is_disturbed ? disturbed_visits_ + 1 : 0;
  const CellResult* result = seams_.store.Find(cell);
  const bool is_alias = result != nullptr && result->alias_of;
  if (visit.decode && !is_alias && workload_->LacksDecodeRate()) return MeasureDecode(load);
  return {};
}

Expected<void, Failure> CellRunner::WarmUp(Load& load) {
  const double per_byte = tokens_per_byte_.value_or(kTokensPerByteGuess);
  const double whole = static_cast<double>(feed_.text().size()) * per_byte;
  const int batch =
      load.cell.Sets(Parameter::kNumBatch) ? load.cell[Parameter::kNumBatch] : kUsualBatch;
  const std::string prompt = feed_.NextPart(2.0 * batch / std::max(1.0, whole));
  auto sample = Warm(load, prompt);
  if (!sample) return Unexpected<Failure>(sample.error());
  const auto count = static_cast<double>(sample->metrics.prompt_eval_count.value_or(0));
  if (count > 0) tokens_per_byte_ = count / static_cast<double>(prompt.size());
  load.unsaved.push_back(std::move(*sample));
  return {};
}

Expected<void, Failure> CellRunner::MakePrompt(Load& load) {
  const TokenCounter count = [&](std::string_view text) -> Expected<std::int64_t, Failure> {
    auto sample = Warm(load, feed_.NextOf(text));
    if (!sample) return Unexpected<Failure>(sample.error());
    const std::int64_t tokens = sample->metrics.prompt_eval_count.value_or(0);
    load.unsaved.push_back(std::move(*sample));
    return tokens;
  };
  const auto settled =
      SettleBuiltInPrompt(*prompt_->built_in_tokens, load.cell, NumPredictOf(load.cell), count);
  if (!settled) return Unexpected<Failure>(settled.error());
  prompt_->text = BuiltInText(settled->words);
  prompt_->words = settled->words;
  prompt_->tokens = settled->tokens;
  prompt_->built_in_tokens.reset();
  feed_.SetText(prompt_->text);
  NotePrompt();
  return {};
}

// So that a later start, and another cell, has the same words.
void CellRunner::NotePrompt() {
  Metadata metadata = seams_.store.metadata();
  if (prompt_->length == kAutoValue) {
    metadata.prompt_words = prompt_->words;
    metadata.identity.prompt_sha256 = Sha256Hex(prompt_->text);
    metadata.identity.prompt_tokens = prompt_->tokens;
  } else {
    std::erase_if(metadata.prompt_sizes,
                  [this](const PromptSize& known) { return known.length == prompt_->length; });
    metadata.prompt_sizes.push_back({prompt_->length, prompt_->words, prompt_->tokens});
  }
  seams_.store.SetMetadata(std::move(metadata));
}

Expected<Sample, Failure> CellRunner::Warm(Load& load, const std::string& prompt) {
  Sample sample = NewSample();
  const auto report = seams_.driver.Run(prompt);
  if (!report) return Unexpected<Failure>(report.error());
  Fill(sample, load, SampleRole::kWarmUp, *report);
  return sample;
}

Sample CellRunner::NewSample() {
  Sample sample;
  sample.id = seams_.ids.Next();
  sample.started = Timestamp();
  return sample;
}

void CellRunner::Fill(Sample& sample, Load& load, SampleRole role, const RunReport& report) {
  has_loaded_ = true;
  if (!load.loaded) load.loaded = seams_.driver.Loaded();
  sample.visit = visit_.id;
  sample.load_id = visit_.load_id;
  sample.role = role;
  sample.metrics = report.metrics;
  sample.wall = report.wall;
  sample.first_token = report.first_token;
  sample.window = report.window;
  sample.create = std::exchange(load.create, std::nullopt);
  sample.attempt = load.attempt;
  if (load.loaded) {
    sample.effective_context = load.loaded->context;
    sample.effective_server = load.loaded->server;
    sample.size_bytes = load.loaded->size_bytes;
    sample.size_vram_bytes = load.loaded->size_vram_bytes;
  }
}

// One sample, with what others did meanwhile.
Expected<Sample, CellRunner::Error> CellRunner::Take(Load& load) {
  if (const auto ready = workload_->BeforeSample(seams_.driver); !ready) {
    return Unexpected<Error>(ready.error());
  }
  Sample sample = NewSample();
  if (seams_.probe != nullptr) seams_.probe->Begin();
  const auto report = workload_->Run(seams_.driver, {load.cell, NumPredictOf(load.cell)}, feed_);
  if (seams_.probe != nullptr) {
    if (!report) seams_.probe->Cancel();
    if (report) NoteMachine(sample, *report, seams_.probe->End());
  }
  if (!report) return Unexpected<Error>(report.error());
  Fill(sample, load, visit_.role, *report);
  sample.excluded = Classify(load, sample);
  if (options_.counts_late && sample.excluded == Exclusion::kUntrusted) sample.excluded.reset();
  if (seams_.requests != nullptr && !report->requests.empty()) {
    const auto kept = seams_.requests->Keep(sample.id, report->requests);
    if (!kept) return Unexpected<Error>(kept.error());
  }
  return sample;
}

void CellRunner::NoteMachine(Sample& sample, const RunReport& report, ProbeReport machine) {
  sample.disturbed = machine.disturbed;
  TelemetryRecord& record = machine.telemetry;
  if (record.readings.empty()) return;
  double to_s = record.readings.back().at_s;
  if (report.measured_from && report.window && report.window->duration) {
    const auto seconds = [](nanoseconds time) {
      return std::chrono::duration<double>(time).count();
    };
    record.measured_from_s = std::max(0.0, seconds(*report.measured_from - machine.began));
    to_s = record.measured_from_s + seconds(*report.window->duration);
  }
  sample.telemetry = SummarizeTelemetry(record, record.measured_from_s, to_s);
  if (seams_.requests == nullptr || record.readings.size() < kFewestReadings) return;
  const auto kept = seams_.requests->KeepReadings(sample.id, record);
  if (kept || std::exchange(has_lost_readings_, true)) return;
  seams_.observer.OnNotice(NoticeLevel::kWarning,
                           fmt::format("readings of the machine cannot be kept beside the results "
                                       "({}); their means are kept with the samples",
                                       kept.error().message));
}

Expected<void, CellRunner::Error> CellRunner::Measure(Load& load) {
  int discarded = 0;
  while (!HasEnough(load)) {
    seams_.observer.OnPhase(Phase::kRun, ++load.runs);
    auto sample = Take(load);
    if (!sample) return Unexpected<Error>(sample.error());
    const std::optional<Exclusion> excluded = sample->excluded;
    const std::int64_t count = sample->metrics.prompt_eval_count.value_or(0);
    if (!excluded && count > 0) LearnPromptTokens(load.cell, count);
    if (const auto kept = Keep(load, *sample); !kept) {
      return Unexpected<Error>(kept.error());
    }
    if (!excluded) {
      if (sample->disturbed && !BearsDisturbance(load, *sample->disturbed)) return {};
      continue;
    }
    if (*excluded == Exclusion::kTruncated) {
      return Unexpected<Error>(
          CutPrompt(prompt_->tokens.value_or(count), NumPredictOf(load.cell), load.cell));
    }
    if (*excluded == Exclusion::kWrongContext) return NoteOtherContext(load);
    if (*excluded == Exclusion::kWrongServer) return NoteOtherServer(load);
    if (*excluded == Exclusion::kWrongOffload) {
      return Fail(FailureKind::kCannotLoad, std::string(Explain(*excluded)));
    }
    if (++discarded >= kMostDiscarded) {
      return Fail(FailureKind::kNoMetrics,
                  fmt::format("{} runs cannot be trusted: {}", discarded, Explain(*excluded)));
    }
  }
  return {};
}

// A context that the server raises is another cell's; one that it lowers fails.
Expected<void, CellRunner::Error> CellRunner::NoteOtherContext(const Load& load) {
  const std::int64_t used = load.loaded->context.value_or(0);
  const int wanted = load.cell[Parameter::kNumCtx];
  const std::string text =
      fmt::format("the server uses num_ctx {} where {} was asked for", used, wanted);
  if (used < wanted || used > Describe(Parameter::kNumCtx).highest) {
    return Fail(FailureKind::kCannotLoad, text);
  }
  return NoteAlias(load.cell, load.cell.With(Parameter::kNumCtx, static_cast<int>(used)), text);
}

// Whatever else the server does, it is not what this cell asks for.
Expected<void, CellRunner::Error> CellRunner::NoteOtherServer(const Load& load) {
  const Cell effective = EffectiveServer(load.cell, *load.loaded->server);
  Cell used;
  Cell wanted;
  for (const ParameterInfo& info : AllParameters()) {
    if (effective[info.parameter] == load.cell[info.parameter]) continue;
    used.Set(info.parameter, effective[info.parameter]);
    wanted.Set(info.parameter, load.cell[info.parameter]);
  }
  return NoteAlias(load.cell, effective,
                   fmt::format("the server runs with {} where {} was asked for", DescribeCell(used),
                               DescribeCell(wanted)));
}

Expected<void, CellRunner::Error> CellRunner::NoteAlias(const Cell& cell, const Cell& effective,
                                                        std::string reason) {
  seams_.store.SetAlias(cell, effective, std::move(reason));
  if (const auto saved = seams_.saver.Save(); !saved) return Unexpected<Error>(saved.error());
  return {};
}

// Whether to measure on after a disturbed sample.
bool CellRunner::BearsDisturbance(Load& load, const Disturbance& disturbance) {
  const bool is_patient = disturbed_visits_ < kPatience;
  const bool measures_on = is_patient && load.disturbed < kMostDisturbed;
  if (++load.disturbed == 1 && is_patient) {
    seams_.observer.OnNotice(NoticeLevel::kWarning,
                             fmt::format("{} during a run; it does not count and is measured again",
                                         Explain(disturbance)));
  }
  if (measures_on) return true;
  load.is_disturbed = true;
  if (disturbed_visits_ + 1 == kPatience) {
    seams_.observer.OnNotice(
        NoticeLevel::kWarning,
        fmt::format("{} cells one after the other were disturbed; disturbed runs are no longer "
                    "measured again at once. {}, or see --wait-quiet and --ignore-disturbance",
                    kPatience, RemedyOf(disturbance)));
  }
  return false;
}

// It comes on top: without it the visit is what it was made for.
Expected<void, CellRunner::Error> CellRunner::MeasureDecode(const Load& load) {
  seams_.observer.OnPhase(Phase::kDecode, 0);
  if (seams_.probe != nullptr) seams_.probe->Begin();
  const auto metrics = seams_.driver.Decode(kDecodeTokens);
  const bool is_disturbed = seams_.probe != nullptr && seams_.probe->End().disturbed;
  if (!metrics || is_disturbed || !EvalRate(*metrics)) return {};
  visit_.decode = DecodeRun{metrics->eval_count, metrics->eval};
  Record(load.cell, visit_);
  if (const auto saved = seams_.saver.Save(); !saved) return Unexpected<Error>(saved.error());
  return {};
}

// Saves the sample, and with the first one the warm-ups before it: they alone are worth no write.
Expected<void, StoreError> CellRunner::Keep(Load& load, const Sample& sample) {
  const std::string now = Timestamp();
  if (!std::exchange(load.recorded, true)) Record(load.cell, visit_);
  for (Sample& warm_up : load.unsaved) {
    seams_.store.AddSample(load.cell, std::move(warm_up), now);
  }
  load.unsaved.clear();
  seams_.store.AddSample(load.cell, sample, now);
  MarkSettling(load);
  auto saved = seams_.saver.Save();
  if (saved) seams_.observer.OnSample(load.cell, sample);
  return saved;
}

std::optional<Exclusion> CellRunner::Classify(const Load& load, const Sample& sample) const {
  const int num_predict = NumPredictOf(load.cell);
  Expectation expectation{load.cell, num_predict, prompt_->tokens};
  if (!prompt_->tokens && tokens_per_byte_) {
    // Nothing is known of the whole prompt yet, but its start was counted. A quarter is left for
    // texts that are denser at their end; a context that cuts takes more away than that.
    const auto estimate = static_cast<std::int64_t>(static_cast<double>(feed_.text().size()) *
                                                    *tokens_per_byte_ * 0.75);
    if (!FitsContext(load.cell, estimate, num_predict)) expectation.prompt_tokens = estimate;
  }
  return workload_->Verify(sample, expectation);
}

void CellRunner::LearnPromptTokens(const Cell& cell, std::int64_t counted) {
  if (prompt_->tokens && counted <= *prompt_->tokens + kTokenTolerance) return;
  if (prompt_->tokens) MarkCutCells(cell, counted);
  prompt_->tokens = counted;
  if (prompt_->length != kAutoValue) return NotePrompt();
  Metadata metadata = seams_.store.metadata();
  metadata.identity.prompt_tokens = counted;
  seams_.store.SetMetadata(std::move(metadata));
}

// A context that reads more tokens of the same prompt shows that the smaller counts were cut.
void CellRunner::MarkCutCells(const Cell& cell, std::int64_t prompt_tokens) {
  const std::vector<CellResult> results = seams_.store.results();
  for (const CellResult& result : results) {
    const bool has_same = result.cell[Parameter::kPromptTokens] == cell[Parameter::kPromptTokens];
    if (has_same) MarkCut(result, prompt_tokens);
  }
}

void CellRunner::MarkCut(const CellResult& result, std::int64_t prompt_tokens) {
  std::map<std::string, VisitRecord> cut;
  for (const Sample& sample : result.samples) {
    const bool is_short =
        sample.metrics.prompt_eval_count.value_or(prompt_tokens) < prompt_tokens - kTokenTolerance;
    // An unverified reading may be of another prompt.
    if (!IsCounted(sample) || sample.unverified || !is_short) continue;
    seams_.store.SetExclusion(result.cell, sample.id, Exclusion::kTruncated);
    const auto known = std::find_if(result.visits.begin(), result.visits.end(),
                                    [&](const auto& visit) { return visit.id == sample.visit; });
    // Taken before visits were recorded: its failure needs one.
    if (known == result.visits.end()) {
      const std::string id = fmt::format("cut-{}", sample.id);
      cut.emplace(id, VisitRecord{id, sample.role, sample.started, sample.load_id, {}, {}});
    } else {
      cut.emplace(known->id, *known);
    }
  }
  for (auto& [id, visit] : cut) {
    visit.failure = CutPrompt(prompt_tokens, NumPredictOf(result.cell), result.cell);
    seams_.store.SetVisit(result.cell, std::move(visit), Timestamp());
  }
}

// With four or more samples of a load, a first one far off the median of the others did not yet
// run in the state that they ran in. At most one of a load, which may serve several cells.
void CellRunner::MarkSettling(const Load& load) {
  if (!load.is_fresh) return;
  const CellResult* result = seams_.store.Find(load.cell);
  std::vector<const Sample*> counted;
  for (const Sample& sample : result->samples) {
    if (sample.visit != visit_.id) continue;
    // Another first one would trim the spread of the load, not its start.
    if (sample.excluded == Exclusion::kSettling) return;
    if (IsCounted(sample)) counted.push_back(&sample);
  }
  if (counted.size() < 4) return;
  std::vector<double> later;
  for (std::size_t i = 1; i < counted.size(); ++i) {
    later.push_back(ValueOf(*counted[i]));
  }
  const double median = Median(std::move(later)).value();
  const double first = ValueOf(*counted[0]);
  if (std::abs(first - median) > 0.05 * median) {
    seams_.store.SetExclusion(load.cell, counted[0]->id, Exclusion::kSettling);
  }
}

double CellRunner::ValueOf(const Sample& sample) const {
  return Describe(Describe(workload_->kind()).headline).value(sample).value_or(0);
}

bool CellRunner::HasEnough(const Load& load) const {
  const CellResult* result = seams_.store.Find(load.cell);
  if (result == nullptr) return false;
  // Readings that are shown only until there are verified ones.
  const std::vector<const Sample*> counted = CountedOf(*result);
  if (counted.empty() || counted.front()->unverified) return false;
  if (!load.samples) return HasWantedSamples(*result, options_.repetitions);
  int taken = 0;
  std::chrono::nanoseconds run{0};
  for (const Sample& sample : result->samples) {
    if (sample.visit != visit_.id || !IsCounted(sample)) continue;
    if (++taken == 1) run = sample.wall.value_or(run);
  }
  if (taken == 0) return false;
  // Anyone who asked for so many may not have known how long a run is, as after an old file.
  return taken >= std::min(*load.samples, WantedRepetitions(options_.repetitions, run));
}

}  // namespace ollama_bench
