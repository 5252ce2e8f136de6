#include "ollama_bench/analysis/sweep_model.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <utility>

#include "effect_model.h"
#include "noise_likelihood.h"
#include "ollama_bench/core/random.h"
#include "scale_search.h"

namespace ollama_bench {
namespace {

using Vector = EffectPosterior::Vector;

// Points with less weight change nothing that is drawn or printed.
constexpr double kLeastWeight = 0.002;

}  // namespace

struct SweepModel::Impl {
  explicit Impl(std::span<const LoadUnit> units)
      : data(EffectData::From(units)), points(AverageOverScales(data)) {
    std::erase_if(points,
                  [](const WeightedPosterior& point) { return point.weight < kLeastWeight; });
    double total = 0;
    for (const WeightedPosterior& point : points) total += point.weight;
    for (WeightedPosterior& point : points) point.weight /= total;
    for (std::size_t i = 0; i < data.cells.size(); ++i) {
      const Vector vector = VectorOf(i);
      means.push_back(Average(vector));
      additive.push_back(Average(vector - points.front().effects->OwnEffectVector(i)));
    }
  }

  // Made when it is needed: one for each cell would take the square of their number.
  [[nodiscard]] Vector VectorOf(std::size_t cell) const {
    return points.front().effects->CellVector(cell);
  }

  [[nodiscard]] double Average(const Vector& combination) const {
    double mean = 0;
    for (const WeightedPosterior& point : points) {
      mean += point.weight * point.effects->Mean(combination);
    }
    return mean;
  }

  [[nodiscard]] LogPosterior Of(const Vector& combination) const {
    std::vector<NormalPart> parts;
    for (const WeightedPosterior& point : points) {
      parts.push_back({point.weight, point.effects->Mean(combination),
                       combination.dot(point.effects->Covariances(combination))});
    }
    return Summarise(parts);
  }

  // Of each cell's value plus `sign` times the common part.
  [[nodiscard]] std::vector<LogPosterior> WithCommon(const Vector& common, double sign) const {
    std::vector<std::vector<NormalPart>> parts(data.cells.size());
    for (const WeightedPosterior& point : points) {
      const Vector covariances = point.effects->Covariances(common);
      const double of_common = common.dot(covariances);
      const double mean = point.effects->Mean(common);
      for (std::size_t i = 0; i < data.cells.size(); ++i) {
        const Vector vector = VectorOf(i);
        const double variance =
            point.effects->CellVariance(i) + of_common + 2 * sign * vector.dot(covariances);
        parts[i].push_back(
            {point.weight, point.effects->Mean(vector) + sign * mean, std::max(0.0, variance)});
      }
    }
    std::vector<LogPosterior> all;
    for (const auto& of_cell : parts) all.push_back(Summarise(of_cell));
    return all;
  }

  EffectData data;
  std::vector<WeightedPosterior> points;
  std::vector<double> means;
  std::vector<double> additive;  ///< without the cell's own effect
};

SweepModel::SweepModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SweepModel::SweepModel(SweepModel&&) noexcept = default;
SweepModel& SweepModel::operator=(SweepModel&&) noexcept = default;
SweepModel::~SweepModel() = default;

std::optional<SweepModel> SweepModel::Fit(std::span<const LoadUnit> units) {
  if (units.empty()) return std::nullopt;
  return SweepModel(std::make_unique<Impl>(units));
}

const std::vector<Cell>& SweepModel::cells() const {
  return impl_->data.cells;
}

std::optional<std::size_t> SweepModel::Find(const Cell& cell) const {
  const auto found = std::lower_bound(cells().begin(), cells().end(), cell);
  if (found == cells().end() || *found != cell) return std::nullopt;
  return static_cast<std::size_t>(found - cells().begin());
}

std::vector<LogPosterior> SweepModel::Values() const {
  return impl_->WithCommon(impl_->points.front().effects->LevelVector(), 1);
}

std::vector<LogPosterior> SweepModel::Contrasts(std::size_t reference) const {
  std::vector<LogPosterior> all = impl_->WithCommon(impl_->VectorOf(reference), -1);
  all[reference] = {};
  return all;
}

const std::vector<double>& SweepModel::Means() const {
  return impl_->means;
}

const std::vector<double>& SweepModel::AdditiveMeans() const {
  return impl_->additive;
}

std::vector<double> SweepModel::Readings() const {
  const EffectData& data = impl_->data;
  std::vector<double> sums(data.cells.size(), 0);
  std::vector<double> counts(data.cells.size(), 0);
  for (std::size_t i = 0; i < data.observations.size(); ++i) {
    const Vector shared = impl_->points.front().effects->SharedVector(i);
    sums[data.observations[i].cell] += data.observations[i].value - impl_->Average(shared);
    ++counts[data.observations[i].cell];
  }
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= counts[i];
  return sums;
}

LogPosterior SweepModel::Difference(std::span<const std::size_t> cells,
                                    std::span<const std::size_t> others) const {
  Vector combination = Vector::Zero(impl_->VectorOf(0).size());
  for (const std::size_t cell : cells) {
    combination += impl_->VectorOf(cell) / static_cast<double>(cells.size());
  }
  for (const std::size_t cell : others) {
    combination -= impl_->VectorOf(cell) / static_cast<double>(others.size());
  }
  return impl_->Of(combination);
}

JointDraws SweepModel::Draw(std::span<const std::size_t> cells, std::size_t count) const {
  const auto size = static_cast<Eigen::Index>(cells.size());
  JointDraws draws{0, cells.size(), {}};
  draws.values.reserve(count * cells.size());
  Random random(1);
  std::vector<Vector> vectors;
  for (const std::size_t cell : cells) vectors.push_back(impl_->VectorOf(cell));
  double cumulated = 0;
  for (const WeightedPosterior& point : impl_->points) {
    cumulated += point.weight * static_cast<double>(count);
    const auto until = static_cast<std::size_t>(std::lround(cumulated));
    if (until <= draws.count) continue;
    Eigen::MatrixXd covariance(size, size);
    Vector mean(size);
    for (Eigen::Index i = 0; i < size; ++i) {
      const Vector& vector = vectors[static_cast<std::size_t>(i)];
      const Vector covariances = point.effects->Covariances(vector);
      mean[i] = point.effects->Mean(vector);
      for (Eigen::Index j = 0; j < size; ++j) {
        covariance(i, j) = vectors[static_cast<std::size_t>(j)].dot(covariances);
      }
    }
    covariance.diagonal().array() += 1e-14;
    const Eigen::MatrixXd root = covariance.llt().matrixL();
    Vector standard(size);
    for (; draws.count < until; ++draws.count) {
      for (Eigen::Index i = 0; i < size; i += 2) {
        const auto [first, second] = random.NormalPair();
        standard[i] = first;
        if (i + 1 < size) standard[i + 1] = second;
      }
      const Vector drawn = mean + root * standard;
      draws.values.insert(draws.values.end(), drawn.begin(), drawn.end());
    }
  }
  return draws;
}

double SweepModel::load_deviation() const {
  double square = 0;
  for (const WeightedPosterior& point : impl_->points) {
    square += point.weight * point.scales.load * point.scales.load;
  }
  return std::sqrt(square);
}

double SweepModel::run_deviation() const {
  return impl_->data.run_deviation;
}

double SweepModel::LoadVariance(int runs) const {
  const double load = load_deviation();
  const double run = run_deviation();
  return load * load + run * run / runs;
}

double SweepModel::drift_range() const {
  double low = 0;
  double high = 0;
  std::vector<double> drift(impl_->data.observations.size(), 0);
  for (const WeightedPosterior& point : impl_->points) {
    const std::vector<double> of_point = point.effects->Drift();
    for (std::size_t i = 0; i < drift.size(); ++i) drift[i] += point.weight * of_point[i];
  }
  for (const double value : drift) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return high - low;
}

}  // namespace ollama_bench
