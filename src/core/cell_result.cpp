#include "ollama_bench/core/cell_result.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "ollama_bench/core/median.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

std::vector<const Sample*> CountedOf(const CellResult& result) {
  std::vector<const Sample*> counted;
  for (const Sample& sample : result.samples) {
    if (IsCounted(sample)) counted.push_back(&sample);
  }
  const auto is_verified = [](const Sample* sample) { return !sample->unverified; };
  if (std::any_of(counted.begin(), counted.end(), is_verified)) {
    std::erase_if(counted, std::not_fn(is_verified));
  }
  return counted;
}

bool HasCountedSample(const CellResult& result) {
  return std::any_of(result.samples.begin(), result.samples.end(), IsCounted);
}

bool IsUnverified(const CellResult& result) {
  bool is_counted = false;
  for (const Sample& sample : result.samples) {
    if (!IsCounted(sample)) continue;
    if (!sample.unverified) return false;
    is_counted = true;
  }
  return is_counted;
}

bool AnyVerified(std::span<const CellResult> results) {
  return std::any_of(results.begin(), results.end(), [](const CellResult& result) {
    return HasCountedSample(result) && !IsUnverified(result);
  });
}

int CountedSamples(const CellResult& result) {
  return static_cast<int>(CountedOf(result).size());
}

std::optional<double> MedianPromptEvalRate(const CellResult& result) {
  std::vector<double> rates;
  for (const Sample* sample : CountedOf(result)) {
    if (const auto rate = Describe(Metric::kPromptEvalRate).value(*sample)) rates.push_back(*rate);
  }
  return Median(std::move(rates));
}

TimeOrder TimeKey(const Sample& sample) {
  return {sample.started, sample.id};
}

TimeOrder TimeKey(const VisitRecord& visit) {
  return {visit.started, visit.id};
}

namespace {

bool FailedByItself(const VisitRecord& visit) {
  return visit.failure && TellsOfTheCell(visit.failure->kind);
}

const VisitRecord* LatestFailedVisit(const CellResult& result) {
  const VisitRecord* latest = nullptr;
  for (const VisitRecord& visit : result.visits) {
    if (!FailedByItself(visit)) continue;
    if (latest == nullptr || TimeKey(*latest) < TimeKey(visit)) latest = &visit;
  }
  return latest;
}

}  // namespace

CellStatus StatusOf(const CellResult& result) {
  if (HasCountedSample(result)) return CellStatus::kMeasured;
  if (std::any_of(result.visits.begin(), result.visits.end(), FailedByItself)) {
    return CellStatus::kFailed;
  }
  if (result.alias_of) return CellStatus::kAlias;
  const bool is_excluded = std::any_of(
      result.samples.begin(), result.samples.end(),
      [](const Sample& sample) { return sample.role != SampleRole::kWarmUp && sample.excluded; });
  return is_excluded ? CellStatus::kExcluded : CellStatus::kUntested;
}

const Failure* FailureOf(const CellResult& result) {
  if (StatusOf(result) != CellStatus::kFailed) return nullptr;
  return &*LatestFailedVisit(result)->failure;
}

const VisitRecord* LatestVisit(const CellResult& result) {
  const auto latest = std::max_element(
      result.visits.begin(), result.visits.end(),
      [](const VisitRecord& a, const VisitRecord& b) { return TimeKey(a) < TimeKey(b); });
  return latest == result.visits.end() ? nullptr : &*latest;
}

const Failure* LatestFailure(const CellResult& result) {
  const VisitRecord* latest = LatestVisit(result);
  return latest != nullptr && FailedByItself(*latest) ? &*latest->failure : nullptr;
}

bool EndedDisturbed(const CellResult& result) {
  const VisitRecord* latest = LatestVisit(result);
  if (latest == nullptr || latest->failure) return false;
  bool is_disturbed = false;
  for (const Sample& sample : result.samples) {
    if (sample.visit != latest->id) continue;
    if (IsCounted(sample)) return false;
    is_disturbed = is_disturbed || sample.disturbed;
  }
  return is_disturbed;
}

VisitCount CountVisits(const CellResult& result) {
  std::set<std::string_view> recorded;
  VisitCount count;
  for (const VisitRecord& visit : result.visits) {
    recorded.insert(visit.id);
    if (FailedByItself(visit)) ++count.failed;
  }
  std::set<std::string_view> good;
  std::set<std::int64_t> loads;  // of samples that no recorded visit has
  int unknown_loads = 0;
  for (const Sample& sample : result.samples) {
    if (!IsCounted(sample)) continue;
    if (recorded.contains(sample.visit)) {
      good.insert(sample.visit);
    } else if (sample.load_id == 0) {
      ++unknown_loads;
    } else {
      loads.insert(sample.load_id);
    }
  }
  for (const VisitRecord& visit : result.visits) {
    if (FailedByItself(visit) || good.contains(visit.id)) ++count.all;
  }
  count.all += static_cast<int>(loads.size()) + unknown_loads;
  return count;
}

bool FailsOften(const CellResult& result) {
  const VisitCount count = CountVisits(result);
  return 3 * count.failed > count.all;
}

}  // namespace ollama_bench
