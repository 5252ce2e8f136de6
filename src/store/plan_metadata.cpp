#include <algorithm>
#include <set>
#include <utility>

#include "ollama_bench/store/results_store.h"

namespace ollama_bench {
namespace {

constexpr WorkloadKind kWorkloadOfSchema1 = WorkloadKind::kPrefill;

bool FitsSchema1(const Space& space, WorkloadKind workload) {
  return workload == kWorkloadOfSchema1 && space.axes.size() == 2 &&
         std::all_of(space.axes.begin(), space.axes.end(),
                     [](const Axis& axis) { return IsOfUsualPair(axis.parameter); });
}

// Nothing where it is no range.
void AddRange(std::vector<Axis>& axes, Parameter parameter, const std::string& range) {
  if (auto axis = ParseAxis(parameter, range)) axes.push_back(std::move(*axis));
}

}  // namespace

WorkloadKind WorkloadOf(const Metadata& metadata) {
  return WorkloadFromKey(metadata.workload).value_or(kWorkloadOfSchema1);
}

Space PlannedSpace(const Metadata& metadata) {
  if (!metadata.axes.empty()) return {metadata.axes};
  Space space;
  if (metadata.schema_version == 2) return space;
  AddRange(space.axes, kUsualAcross, metadata.across_range);
  AddRange(space.axes, kUsualDown, metadata.down_range);
  return space.axes.size() == 2 ? space : Space();
}

void UpgradeToAxes(Metadata& metadata) {
  if (metadata.schema_version == 2) return;
  // Each range by itself, as a merge takes them.
  metadata.axes.clear();
  AddRange(metadata.axes, kUsualAcross, metadata.across_range);
  AddRange(metadata.axes, kUsualDown, metadata.down_range);
  metadata.schema_version = 2;
  metadata.workload = Describe(kWorkloadOfSchema1).key;
  metadata.across_range.clear();
  metadata.down_range.clear();
  // What the workload takes by itself need not be said.
  if (metadata.identity.num_predict == Describe(kWorkloadOfSchema1).num_predict) {
    metadata.identity.num_predict.reset();
  }
}

void SetPlan(Metadata& metadata, const Space& space, WorkloadKind workload, std::size_t cells) {
  metadata.total_tests = static_cast<std::int64_t>(cells);
  if (metadata.schema_version == 1 && FitsSchema1(space, workload)) {
    metadata.across_range = DescribeAxis(*space.Find(kUsualAcross));
    metadata.down_range = DescribeAxis(*space.Find(kUsualDown));
    return;
  }
  UpgradeToAxes(metadata);
  metadata.axes = space.axes;
  metadata.workload = Describe(workload).key;
}

}  // namespace ollama_bench
