#include "ollama_bench/sweep/cell_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "ollama_bench/core/median.h"
#include "ollama_bench/core/sha256.h"
#include "ollama_bench/plan/repetitions.h"
#include "ollama_bench/sweep/verify.h"
#include "prompt_settler.h"

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

}  // namespace

/// One load of the model, from its create to its last run.
struct CellRunner::Load {
  Cell cell;
  std::optional<int> samples;  // as in Visit
  int attempt = 1;
  int runs = 0;                       // counted from 1 in progress
  std::optional<nanoseconds> create;  // given to the first sample, then empty
  std::optional<LoadedModel> loaded;
  bool recorded = false;        // the visit, with its first sample
  std::vector<Sample> unsaved;  // warm-ups: saved with the first sample that counts
  int disturbed = 0;            // samples that others disturbed
  bool is_disturbed = false;    // so many that it ended without those that it was made for
};

CellRunner::CellRunner(CellRunnerOptions options, CellRunnerSeams seams, PromptFeed feed)
    : options_(options), seams_(seams), feed_(std::move(feed)) {
  if (!options_.built_in_tokens) prompt_tokens_ = seams_.store.metadata().identity.prompt_tokens;
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
  if (prompt_tokens_ && !FitsContext(cell, *prompt_tokens_, options_.num_predict)) {
    return Unexpected<Error>(CutPrompt(*prompt_tokens_, options_.num_predict, cell));
  }
  Load load;
  load.cell = cell;
  load.samples = visit.samples;
  load.attempt = attempt;
  visit_.load_id = seams_.ids.NextLoad();
  seams_.observer.OnPhase(Phase::kCreate, 0);
  const auto prepared = seams_.driver.Prepare(cell);
  if (!prepared) return Unexpected<Error>(prepared.error());
  load.create = prepared->create;
  if (options_.warm_up) {
    seams_.observer.OnPhase(Phase::kWarmUp, 0);
    const auto warm = options_.built_in_tokens ? MakePrompt(load) : WarmUp(load);
    if (!warm) return Unexpected<Error>(warm.error());
  }
  if (const auto measured = Measure(load); !measured) return Unexpected<Error>(measured.error());
  disturbed_visits_ = load.is_disturbed ? disturbed_visits_ + 1 : 0;
  if (visit.decode) return MeasureDecode(load);
  return {};
}

Expected<void, Failure> CellRunner::WarmUp(Load& load) {
  const double per_byte = tokens_per_byte_.value_or(kTokensPerByteGuess);
  const double whole = static_cast<double>(feed_.text().size()) * per_byte;
  const std::string prompt =
      feed_.NextPart(2.0 * load.cell[Parameter::kNumBatch] / std::max(1.0, whole));
  auto sample = RunOnce(load, SampleRole::kWarmUp, prompt);
  if (!sample) return Unexpected<Failure>(sample.error());
  const auto count = static_cast<double>(sample->metrics.prompt_eval_count.value_or(0));
  if (count > 0) tokens_per_byte_ = count / static_cast<double>(prompt.size());
  load.unsaved.push_back(std::move(*sample));
  return {};
}

Expected<void, Failure> CellRunner::MakePrompt(Load& load) {
  const TokenCounter count = [&](std::string_view text) -> Expected<std::int64_t, Failure> {
    auto sample = RunOnce(load, SampleRole::kWarmUp, feed_.NextOf(text));
    if (!sample) return Unexpected<Failure>(sample.error());
    const std::int64_t tokens = sample->metrics.prompt_eval_count.value_or(0);
    load.unsaved.push_back(std::move(*sample));
    return tokens;
  };
  const auto settled =
      SettleBuiltInPrompt(*options_.built_in_tokens, load.cell, options_.num_predict, count);
  if (!settled) return Unexpected<Failure>(settled.error());
  feed_.SetText(BuiltInText(settled->words));
  options_.built_in_tokens.reset();
  prompt_tokens_ = settled->tokens;
  Metadata metadata = seams_.store.metadata();
  metadata.prompt_words = settled->words;
  metadata.identity.prompt_sha256 = Sha256Hex(feed_.text());
  metadata.identity.prompt_tokens = settled->tokens;
  seams_.store.SetMetadata(std::move(metadata));
  return {};
}

Expected<Sample, Failure> CellRunner::RunOnce(Load& load, SampleRole role,
                                              const std::string& prompt) {
  Sample sample;
  sample.id = seams_.ids.Next();
  sample.started = Timestamp();
  const auto report = seams_.driver.Run(prompt);
  if (!report) return Unexpected<Failure>(report.error());
  if (!load.loaded) load.loaded = seams_.driver.Loaded();
  sample.visit = visit_.id;
  sample.load_id = visit_.load_id;
  sample.role = role;
  sample.metrics = report->metrics;
  sample.wall = report->wall;
  sample.create = std::exchange(load.create, std::nullopt);
  sample.attempt = load.attempt;
  if (load.loaded) {
    sample.effective_num_ctx = load.loaded->num_ctx;
    sample.size_bytes = load.loaded->size_bytes;
    sample.size_vram_bytes = load.loaded->size_vram_bytes;
  }
  return sample;
}

Expected<void, CellRunner::Error> CellRunner::Measure(Load& load) {
  int discarded = 0;
  while (!HasEnough(load)) {
    seams_.observer.OnPhase(Phase::kRun, ++load.runs);
    if (const auto forgotten = seams_.driver.ForgetPrompt(); !forgotten) {
      return Unexpected<Error>(forgotten.error());
    }
    if (seams_.probe != nullptr) seams_.probe->Begin();
    auto sample = RunOnce(load, visit_.role, feed_.Next());
    if (!sample) return Unexpected<Error>(sample.error());
    if (seams_.probe != nullptr) sample->disturbed = seams_.probe->End();
    sample->excluded = Classify(load, *sample);
    const std::optional<Exclusion> excluded = sample->excluded;
    const std::int64_t count = sample->metrics.prompt_eval_count.value_or(0);
    if (!excluded && count > 0) LearnPromptTokens(count);
    if (const auto kept = Keep(load, *sample); !kept) {
      return Unexpected<Error>(kept.error());
    }
    if (!excluded) {
      if (sample->disturbed && !BearsDisturbance(load, *sample->disturbed)) return {};
      continue;
    }
    if (*excluded == Exclusion::kTruncated) {
      return Unexpected<Error>(
          CutPrompt(prompt_tokens_.value_or(count), options_.num_predict, load.cell));
    }
    if (*excluded == Exclusion::kWrongContext) {
      return Fail(FailureKind::kCannotLoad,
                  fmt::format("the server uses num_ctx {} where {} was asked for",
                              load.loaded->num_ctx.value_or(0), load.cell[Parameter::kNumCtx]));
    }
    if (++discarded >= kMostDiscarded) {
      return Fail(FailureKind::kNoMetrics,
                  fmt::format("{} runs cannot be trusted: {}", discarded, Explain(*excluded)));
    }
  }
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
        fmt::format("others disturbed {} cells one after the other; disturbed runs are no longer "
                    "measured again at once. End what runs (see `top`), or see --wait-quiet and "
                    "--ignore-disturbance",
                    kPatience));
  }
  return false;
}

// It comes on top: without it the visit is what it was made for.
Expected<void, CellRunner::Error> CellRunner::MeasureDecode(const Load& load) {
  seams_.observer.OnPhase(Phase::kDecode, 0);
  if (seams_.probe != nullptr) seams_.probe->Begin();
  const auto metrics = seams_.driver.Decode(kDecodeTokens);
  const bool is_disturbed = seams_.probe != nullptr && seams_.probe->End();
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
  Expectation expectation{load.cell, options_.num_predict, prompt_tokens_};
  if (!prompt_tokens_ && tokens_per_byte_) {
    // Nothing is known of the whole prompt yet, but its start was counted. A quarter is left for
    // texts that are denser at their end; a context that cuts takes more away than that.
    const auto estimate = static_cast<std::int64_t>(static_cast<double>(feed_.text().size()) *
                                                    *tokens_per_byte_ * 0.75);
    if (!FitsContext(load.cell, estimate, options_.num_predict)) {
      expectation.prompt_tokens = estimate;
    }
  }
  return Verify(sample, expectation);
}

void CellRunner::LearnPromptTokens(std::int64_t counted) {
  if (prompt_tokens_ && counted <= *prompt_tokens_ + kTokenTolerance) return;
  if (prompt_tokens_) MarkCutCells(counted);
  prompt_tokens_ = counted;
  Metadata metadata = seams_.store.metadata();
  metadata.identity.prompt_tokens = counted;
  seams_.store.SetMetadata(std::move(metadata));
}

// A context that reads more tokens of the same prompt shows that the smaller counts were cut.
void CellRunner::MarkCutCells(std::int64_t prompt_tokens) {
  const std::vector<CellResult> results = seams_.store.results();
  for (const CellResult& result : results) MarkCut(result, prompt_tokens);
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
    visit.failure = CutPrompt(prompt_tokens, options_.num_predict, result.cell);
    seams_.store.SetVisit(result.cell, std::move(visit), Timestamp());
  }
}

// With four or more samples of a load, a first one far off the median of the others did not yet
// run in the state that they ran in. At most one of a load.
void CellRunner::MarkSettling(const Load& load) {
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
    later.push_back(PromptEvalRate(counted[i]->metrics).value_or(0));
  }
  const double median = Median(std::move(later)).value();
  const double first = PromptEvalRate(counted[0]->metrics).value_or(0);
  if (std::abs(first - median) > 0.05 * median) {
    seams_.store.SetExclusion(load.cell, counted[0]->id, Exclusion::kSettling);
  }
}

bool CellRunner::HasEnough(const Load& load) const {
  const CellResult* result = seams_.store.Find(load.cell);
  if (result == nullptr) return false;
  // Readings that are shown only until there are verified ones.
  const std::vector<const Sample*> counted = CountedOf(*result);
  if (counted.empty() || counted.front()->unverified) return false;
  if (!load.samples) return HasWantedSamples(*result, options_.repetitions);
  const auto taken = std::count_if(
      result->samples.begin(), result->samples.end(),
      [&](const Sample& sample) { return sample.visit == visit_.id && IsCounted(sample); });
  return taken >= *load.samples;
}

}  // namespace ollama_bench
