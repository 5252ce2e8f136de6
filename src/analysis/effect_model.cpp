#include "effect_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "ollama_bench/core/median.h"
#include "selected_inverse.h"

namespace ollama_bench {
namespace {

// An offset that may be anything: rates lie between e^-7 and e^14.
constexpr double kOffsetPrecision = 1e-4;
// What is believed of the spread of runs before any was repeated: two runs' worth of 1 %.
constexpr double kRunPriorSquares = 2 * 0.01 * 0.01;
constexpr double kRunPriorDegrees = 2;

template <class Value>
std::size_t PlaceOf(const std::vector<Value>& sorted, const Value& value) {
  return static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), value) -
                                  sorted.begin());
}

template <class Value>
void SortUnique(std::vector<Value>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::vector<Axis> VaryingAxes(const std::vector<Cell>& cells) {
  std::vector<Axis> axes = AxesOf(cells).axes;
  std::erase_if(axes, [](const Axis& axis) { return axis.values.size() < 2; });
  return axes;
}

std::vector<EffectData::Places> PlacesOf(const std::vector<Cell>& cells,
                                         const std::vector<Axis>& axes) {
  std::vector<EffectData::Places> places(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::size_t first = 0;
    for (const Axis& axis : axes) {
      places[i].push_back(first + PlaceOf(axis.values, cells[i][axis.parameter]));
      first += axis.values.size();
    }
  }
  return places;
}

double RunVariance(std::span<const LoadUnit> units) {
  double squares = 0;
  double degrees = 0;
  for (const LoadUnit& unit : units) {
    squares += unit.squares;
    degrees += unit.runs - 1;
  }
  if (degrees == 0) return 0;  // it is part of the loads' own spread
  return (squares + kRunPriorSquares) / (degrees + kRunPriorDegrees);
}

double MedianGap(const std::vector<const LoadUnit*>& units) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < units.size(); ++i) {
    if (units[i]->origin != units[i - 1]->origin) continue;
    if (!units[i]->start_s || !units[i - 1]->start_s) continue;
    const double gap = *units[i]->start_s - *units[i - 1]->start_s;
    if (gap > 0) gaps.push_back(gap);
  }
  return Median(std::move(gaps)).value_or(1);
}

}  // namespace

EffectData EffectData::From(std::span<const LoadUnit> units) {
  EffectData data;
  std::vector<const LoadUnit*> sorted;
  for (const LoadUnit& unit : units) {
    sorted.push_back(&unit);
    data.cells.push_back(unit.cell);
    data.origins.push_back(unit.origin);
  }
  SortUnique(data.cells);
  SortUnique(data.origins);
  data.axes = VaryingAxes(data.cells);
  data.places = PlacesOf(data.cells, data.axes);
  std::stable_sort(sorted.begin(), sorted.end(), [](const LoadUnit* a, const LoadUnit* b) {
    return std::tie(a->origin, a->start_s, a->first_sample) <
           std::tie(b->origin, b->start_s, b->first_sample);
  });
  const double run_variance = RunVariance(units);
  const double median_gap = MedianGap(sorted);
  data.run_deviation = std::sqrt(run_variance);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const LoadUnit& unit = *sorted[i];
    Observation seen;
    seen.cell = PlaceOf(data.cells, unit.cell);
    seen.origin = PlaceOf(data.origins, unit.origin);
    seen.value = unit.log_value;
    seen.run_variance = run_variance / unit.runs;
    seen.has_time = unit.start_s.has_value();
    const bool follows = i > 0 && sorted[i - 1]->origin == unit.origin && sorted[i - 1]->start_s;
    if (follows && seen.has_time) {
      // Two loads never begin at once, but clocks are coarse.
      seen.gap = std::max(0.05, (*unit.start_s - *sorted[i - 1]->start_s) / median_gap);
    }
    data.observations.push_back(seen);
  }
  return data;
}

EffectWeights EffectWeights::Ones(const EffectData& data) {
  return {std::vector<double>(data.observations.size(), 1),
          std::vector<double>(data.cells.size(), 1),
          std::vector<double>(data.observations.size(), 1)};
}

EffectPosterior::EffectPosterior(const EffectData& data, const EffectScales& scales,
                                 EffectWeights weights, int iterations)
    : data_(data),
      scales_(scales),
      weights_(std::move(weights)),
      first_axis_(AxisNode(0)),
      first_origin_(AxisNode(data.axes.size())) {
  Solve();
  for (int i = 0; i < iterations; ++i) {
    Reweigh();
    Solve();
  }
  // The parts of the bound that depend on the weights: each is a gamma variable whose mean is
  // (degrees + 1) / (degrees + expected square).
  log_evidence_ = gaussian_evidence_;
  const auto add = [this](const std::vector<double>& all, double degrees) {
    for (const double weight : all) {
      const double rate = (degrees + 1) / 2 / weight;
      log_evidence_ -= degrees / 2 * std::log(rate) + (degrees + 1) / 2 * (degrees / 2) / rate;
    }
  };
  add(weights_.loads, kLoadDegrees);
  add(weights_.cells, kCellDegrees);
  add(weights_.steps, kStepDegrees);
}

std::size_t EffectPosterior::CellNode(std::size_t cell) const {
  return data_.observations.size() + cell;
}
std::size_t EffectPosterior::AxisNode(std::size_t axis) const {
  std::size_t node = CellNode(data_.cells.size());
  for (std::size_t i = 0; i < axis; ++i) node += data_.axes[i].values.size();
  return node;
}
std::size_t EffectPosterior::OriginNode(std::size_t origin) const {
  return first_origin_ + origin;
}
std::size_t EffectPosterior::NodeCount() const {
  return OriginNode(data_.origins.size());
}

EffectPosterior::Nodes EffectPosterior::NodesOfCell(std::size_t cell) const {
  Nodes nodes{CellNode(cell)};
  for (const std::size_t place : data_.places[cell]) nodes.push_back(first_axis_ + place);
  return nodes;
}

EffectPosterior::Nodes EffectPosterior::NodesOf(std::size_t observation) const {
  const EffectData::Observation& seen = data_.observations[observation];
  Nodes nodes{observation, CellNode(seen.cell)};
  for (const std::size_t place : data_.places[seen.cell]) nodes.push_back(first_axis_ + place);
  nodes.push_back(OriginNode(seen.origin));
  return nodes;
}

double EffectPosterior::NoiseVariance(std::size_t observation) const {
  const EffectData::Observation& seen = data_.observations[observation];
  return (scales_.load * scales_.load + seen.run_variance) /
         (load_information_ * weights_.loads[observation]);
}

double EffectPosterior::Kept(std::size_t observation) const {
  return std::exp(-data_.observations[observation].gap / scales_.memory);
}

double EffectPosterior::StepPrecision(std::size_t observation) const {
  const double gap = data_.observations[observation].gap;
  return 1 / (scales_.drift * scales_.drift * -std::expm1(-2 * gap / scales_.memory));
}

// The exact discretisation of an Ornstein-Uhlenbeck process; half the log determinant.
double EffectPosterior::AddDriftPrior(std::vector<Eigen::Triplet<double>>& entries) const {
  const double stationary = 1 / (scales_.drift * scales_.drift);
  double half_log = 0;
  for (std::size_t i = 0; i < data_.observations.size(); ++i) {
    const EffectData::Observation& seen = data_.observations[i];
    const int node = static_cast<int>(i);
    if (seen.gap == 0) {
      // Without a time nothing is known of the drift but that it is none of the cell's.
      const double precision = seen.has_time ? stationary : 1e12;
      entries.emplace_back(node, node, precision);
      half_log += 0.5 * std::log(precision);
      continue;
    }
    const double kept = Kept(i);
    const double precision = step_information_ * weights_.steps[i] * StepPrecision(i);
    entries.emplace_back(node, node, precision);
    entries.emplace_back(node - 1, node - 1, precision * kept * kept);
    entries.emplace_back(node, node - 1, -precision * kept);
    half_log += 0.5 * std::log(precision);
  }
  return half_log;
}

double EffectPosterior::AddEffectPriors(std::vector<Eigen::Triplet<double>>& entries) const {
  double half_log = 0;
  const auto add = [&](std::size_t node, double precision) {
    entries.emplace_back(static_cast<int>(node), static_cast<int>(node), precision);
    half_log += 0.5 * std::log(precision);
  };
  const auto precision_of = [](double scale) { return 1 / (scale * scale); };
  for (std::size_t i = 0; i < data_.cells.size(); ++i) {
    add(CellNode(i), cell_information_ * weights_.cells[i] * precision_of(scales_.cell));
  }
  std::size_t node = AxisNode(0);
  for (std::size_t axis = 0; axis < data_.axes.size(); ++axis) {
    for (std::size_t i = 0; i < data_.axes[axis].values.size(); ++i) {
      add(node++, precision_of(scales_.axes[axis]));
    }
  }
  for (std::size_t i = 0; i < data_.origins.size(); ++i) add(OriginNode(i), kOffsetPrecision);
  return half_log;
}

double EffectPosterior::Assemble(Sparse& precision) const {
  std::vector<Eigen::Triplet<double>> entries;
  entries.reserve((18 + 5 * data_.axes.size()) * data_.observations.size());
  double half_log = AddDriftPrior(entries) + AddEffectPriors(entries);
  for (std::size_t i = 0; i < data_.observations.size(); ++i) {
    const double of_load = 1 / NoiseVariance(i);
    const auto nodes = NodesOf(i);
    for (std::size_t a = 0; a < nodes.size(); ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        entries.emplace_back(static_cast<int>(nodes[a]), static_cast<int>(nodes[b]), of_load);
      }
    }
    half_log += 0.5 * std::log(of_load);
  }
  const auto size = static_cast<Eigen::Index>(NodeCount());
  precision.resize(size, size);
  precision.setFromTriplets(entries.begin(), entries.end());
  return half_log;
}

void EffectPosterior::Solve() {
  Sparse precision;
  double evidence = Assemble(precision);
  Vector right = Vector::Zero(precision.cols());
  for (std::size_t i = 0; i < data_.observations.size(); ++i) {
    for (const std::size_t node : NodesOf(i)) {
      right[static_cast<Eigen::Index>(node)] += data_.observations[i].value / NoiseVariance(i);
    }
  }
  factor_.compute(precision);
  mean_ = factor_.solve(right);
  const Sparse& lower = factor_.matrixL().nestedExpression();
  for (Eigen::Index i = 0; i < lower.cols(); ++i) {
    evidence -= std::log(lower.valuePtr()[lower.outerIndexPtr()[i]]);
  }
  // With Q = prior + H'WH and m the mean, y'Wy - m'Qm is the residuals' square plus m'Qm less the
  // fitted values' square.
  double square = mean_.dot(precision.selfadjointView<Eigen::Lower>() * mean_);
  for (std::size_t i = 0; i < data_.observations.size(); ++i) {
    double fitted = 0;
    for (const std::size_t node : NodesOf(i)) fitted += mean_[static_cast<Eigen::Index>(node)];
    const double residual = data_.observations[i].value - fitted;
    square += (residual * residual - fitted * fitted) / NoiseVariance(i);
  }
  gaussian_evidence_ = evidence - 0.5 * square;
  inverse_ = SelectedInverse(lower);
}

void EffectPosterior::UseExpectedInformation() {
  const auto information = [](double degrees) {
    return kInformationShare * (degrees + 1) / (degrees + 3);
  };
  load_information_ = information(kLoadDegrees);
  cell_information_ = information(kCellDegrees);
  step_information_ = information(kStepDegrees);
  Sparse precision;
  Assemble(precision);
  factor_.compute(precision);
  inverse_ = SelectedInverse(factor_.matrixL().nestedExpression());
}

double EffectPosterior::Inverse(std::size_t row, std::size_t column) const {
  const auto& order = factor_.permutationP().indices();
  const int a = order[static_cast<Eigen::Index>(row)];
  const int b = order[static_cast<Eigen::Index>(column)];
  return inverse_.coeff(std::max(a, b), std::min(a, b));
}

void EffectPosterior::Reweigh() {
  for (std::size_t i = 0; i < data_.observations.size(); ++i) {
    const auto nodes = NodesOf(i);
    double fitted = 0;
    double variance = 0;
    for (const std::size_t a : nodes) {
      fitted += mean_[static_cast<Eigen::Index>(a)];
      for (const std::size_t b : nodes) variance += Inverse(a, b);
    }
    const double residual = data_.observations[i].value - fitted;
    const double scale = scales_.load * scales_.load + data_.observations[i].run_variance;
    const double square = (residual * residual + std::max(0.0, variance)) / scale;
    weights_.loads[i] = (kLoadDegrees + 1) / (kLoadDegrees + square);
  }
  for (std::size_t i = 1; i < data_.observations.size(); ++i) {
    if (data_.observations[i].gap == 0) continue;
    const double kept = Kept(i);
    const double step =
        mean_[static_cast<Eigen::Index>(i)] - kept * mean_[static_cast<Eigen::Index>(i) - 1];
    const double variance =
        Inverse(i, i) - 2 * kept * Inverse(i, i - 1) + kept * kept * Inverse(i - 1, i - 1);
    const double square = (step * step + std::max(0.0, variance)) * StepPrecision(i);
    weights_.steps[i] = (kStepDegrees + 1) / (kStepDegrees + square);
  }
  for (std::size_t i = 0; i < data_.cells.size(); ++i) {
    const std::size_t node = CellNode(i);
    const double effect = mean_[static_cast<Eigen::Index>(node)];
    const double square = (effect * effect + Inverse(node, node)) / (scales_.cell * scales_.cell);
    weights_.cells[i] = (kCellDegrees + 1) / (kCellDegrees + square);
  }
}

EffectPosterior::Vector EffectPosterior::CellVector(std::size_t cell) const {
  Vector vector = Vector::Zero(static_cast<Eigen::Index>(NodeCount()));
  for (const std::size_t node : NodesOfCell(cell)) vector[static_cast<Eigen::Index>(node)] = 1;
  return vector;
}

EffectPosterior::Vector EffectPosterior::OwnEffectVector(std::size_t cell) const {
  Vector vector = Vector::Zero(static_cast<Eigen::Index>(NodeCount()));
  vector[static_cast<Eigen::Index>(CellNode(cell))] = 1;
  return vector;
}

EffectPosterior::Vector EffectPosterior::SharedVector(std::size_t observation) const {
  Vector vector = Vector::Zero(static_cast<Eigen::Index>(NodeCount()));
  vector[static_cast<Eigen::Index>(observation)] = 1;
  vector[static_cast<Eigen::Index>(OriginNode(data_.observations[observation].origin))] = 1;
  return vector;
}

EffectPosterior::Vector EffectPosterior::LevelVector() const {
  Vector vector = Vector::Zero(static_cast<Eigen::Index>(NodeCount()));
  const double share = 1 / static_cast<double>(data_.observations.size());
  for (std::size_t i = 0; i < data_.observations.size(); ++i) {
    vector[static_cast<Eigen::Index>(i)] += share;
    vector[static_cast<Eigen::Index>(OriginNode(data_.observations[i].origin))] += share;
  }
  return vector;
}

EffectPosterior::Vector EffectPosterior::Covariances(const Vector& combination) const {
  return factor_.solve(combination);
}

double EffectPosterior::CellVariance(std::size_t cell) const {
  const Nodes nodes = NodesOfCell(cell);
  double variance = 0;
  for (const std::size_t a : nodes) {
    for (const std::size_t b : nodes) variance += Inverse(a, b);
  }
  return variance;
}

std::vector<double> EffectPosterior::Drift() const {
  return {mean_.data(), mean_.data() + data_.observations.size()};
}

}  // namespace ollama_bench
