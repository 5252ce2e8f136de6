#include "effect_model.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <numbers>
#include <random>

namespace ollama_bench {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

Eigen::Index At(std::size_t place) {
  return static_cast<Eigen::Index>(place);
}

constexpr Parameter kAxes[] = {Parameter::kNumCtx, Parameter::kNumBatch, Parameter::kNumThread};

/// Loads of random cells of a space with three values on each of so many axes, by two starts of the
/// program, some without a time.
std::vector<LoadUnit> RandomUnits(std::mt19937& random, int axes, int count, bool have_time) {
  std::normal_distribution<double> noise(0, 0.02);
  std::vector<LoadUnit> units;
  for (int i = 0; i < count; ++i) {
    LoadUnit unit;
    for (int axis = 0; axis < axes; ++axis) {
      unit.cell.Set(kAxes[axis], 64 * static_cast<int>(1 + random() % 3));
    }
    unit.load_id = i + 1;
    unit.log_value = std::log(300) + noise(random);
    unit.runs = 1 + static_cast<int>(random() % 3);
    unit.squares = (unit.runs - 1) * std::pow(noise(random), 2);
    if (have_time) unit.start_s = 60.0 * i + static_cast<double>(random() % 40);
    unit.origin = random() % 2 == 0 ? "A" : "B";
    units.push_back(unit);
  }
  return units;
}

EffectWeights RandomWeights(const EffectData& data, std::mt19937& random) {
  EffectWeights weights = EffectWeights::Ones(data);
  std::uniform_real_distribution<double> uniform(0.2, 1.5);
  for (auto* all : {&weights.loads, &weights.cells, &weights.steps}) {
    for (double& weight : *all) weight = uniform(random);
  }
  return weights;
}

/// What expected information takes off the weights.
struct Information {
  double loads = 1;
  double cells = 1;
  double steps = 1;
};

/// The same model as a dense normal distribution: unknowns are the drift at each load, the cells'
/// effects, the main effects and the offsets, in this order.
struct DenseModel {
  Matrix prior;     ///< covariance of the unknowns
  Matrix design;    ///< a row for each load
  Matrix marginal;  ///< covariance of the loads
  Vector values;

  DenseModel(const EffectData& data, const EffectScales& scales, const EffectWeights& weights,
             const Information& information = {}) {
    const auto loads = data.observations.size();
    const auto first_main = loads + data.cells.size();
    std::size_t first_origin = first_main;
    for (const Axis& axis : data.axes) first_origin += axis.values.size();
    const auto size = At(first_origin + data.origins.size());
    prior = Matrix::Zero(size, size);
    design = Matrix::Zero(At(loads), size);
    values = Vector(At(loads));
    SetDriftPrior(data, scales, weights, information);
    for (std::size_t i = 0; i < data.cells.size(); ++i) {
      prior(At(loads + i), At(loads + i)) =
          std::pow(scales.cell, 2) / (information.cells * weights.cells[i]);
    }
    SetMainEffects(data, scales, first_main);
    for (auto i = At(first_origin); i < size; ++i) prior(i, i) = 1e4;
    Matrix noise = Matrix::Zero(At(loads), At(loads));
    for (std::size_t i = 0; i < loads; ++i) {
      const EffectData::Observation& seen = data.observations[i];
      for (const std::size_t node : {i, loads + seen.cell, first_origin + seen.origin}) {
        design(At(i), At(node)) = 1;
      }
      values[At(i)] = seen.value;
      noise(At(i), At(i)) =
          (std::pow(scales.load, 2) + seen.run_variance) / (information.loads * weights.loads[i]);
    }
    marginal = design * prior * design.transpose() + noise;
  }

  // One for each value of an axis, which the loads of all cells with that value share.
  void SetMainEffects(const EffectData& data, const EffectScales& scales, std::size_t first) {
    std::size_t node = first;
    for (std::size_t axis = 0; axis < data.axes.size(); ++axis) {
      for (const int value : data.axes[axis].values) {
        prior(At(node), At(node)) = std::pow(scales.axes[axis], 2);
        for (std::size_t i = 0; i < data.observations.size(); ++i) {
          const Cell& cell = data.cells[data.observations[i].cell];
          if (cell[data.axes[axis].parameter] == value) design(At(i), At(node)) = 1;
        }
        ++node;
      }
    }
  }

  // A drift is what is kept of the one before, and a step.
  void SetDriftPrior(const EffectData& data, const EffectScales& scales,
                     const EffectWeights& weights, const Information& information) {
    const auto loads = At(data.observations.size());
    Matrix map = Matrix::Zero(loads, loads);
    Vector variances(loads);
    for (Eigen::Index i = 0; i < loads; ++i) {
      const EffectData::Observation& seen = data.observations[static_cast<std::size_t>(i)];
      map(i, i) = 1;
      variances[i] = seen.has_time ? std::pow(scales.drift, 2) : 1e-12;
      if (seen.gap == 0) continue;
      const double kept = std::exp(-seen.gap / scales.memory);
      map.row(i) += kept * map.row(i - 1);
      variances[i] *=
          (1 - kept * kept) / (information.steps * weights.steps[static_cast<std::size_t>(i)]);
    }
    prior.topLeftCorner(loads, loads) = map * variances.asDiagonal() * map.transpose();
  }

  [[nodiscard]] Vector Mean() const {
    return prior * design.transpose() * marginal.ldlt().solve(values);
  }
  [[nodiscard]] Matrix Covariance() const {
    return prior - prior * design.transpose() * marginal.ldlt().solve(design * prior);
  }
  [[nodiscard]] double LogEvidence() const {
    const Matrix root = marginal.llt().matrixL();
    return -root.diagonal().array().log().sum() - 0.5 * values.dot(marginal.ldlt().solve(values));
  }
};

EffectScales RandomScales(const EffectData& data, std::mt19937& random) {
  std::uniform_real_distribution<double> log_of(std::log(0.003), std::log(0.05));
  EffectScales scales;
  for (double* scale : {&scales.load, &scales.cell, &scales.drift}) {
    *scale = std::exp(log_of(random));
  }
  for (std::size_t i = 0; i < data.axes.size(); ++i) {
    scales.axes.push_back(std::exp(log_of(random)));
  }
  scales.memory = std::pow(4, random() % 4);
  return scales;
}

void ExpectSame(const EffectData& data, const EffectPosterior& posterior, const DenseModel& dense,
                bool compare_means) {
  const Vector mean = dense.Mean();
  const Matrix covariance = dense.Covariance();
  for (std::size_t i = 0; i < data.cells.size(); ++i) {
    const Vector cell = posterior.CellVector(i);
    if (compare_means) {
      EXPECT_NEAR(posterior.Mean(cell), mean.dot(cell), 1e-7);
    }
    const double variance = cell.dot(covariance * cell);
    EXPECT_NEAR(posterior.CellVariance(i), variance, 1e-4 * variance);
    EXPECT_NEAR(cell.dot(posterior.Covariances(cell)), variance, 1e-4 * variance);
    const Vector contrast = cell - posterior.CellVector(0);
    const double apart = contrast.dot(covariance * contrast);
    EXPECT_NEAR(contrast.dot(posterior.Covariances(contrast)), apart, 1e-4 * apart + 1e-12);
  }
  if (!compare_means) return;
  const Vector level = posterior.LevelVector();
  EXPECT_NEAR(posterior.Mean(level), mean.dot(level), 1e-7);
  const std::vector<double> drift = posterior.Drift();
  for (std::size_t i = 0; i < drift.size(); ++i) EXPECT_NEAR(drift[i], mean[At(i)], 1e-7);
}

TEST(EffectModelTest, WithFixedWeightsIsTheNormalPosteriorOfTheDenseModel) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 60; ++round) {
    const int axes = 1 + round % 3;
    const EffectData data =
        EffectData::From(RandomUnits(random, axes, 2 + round / 3, /*have_time=*/round % 4 != 0));
    if (round > 40) {
      EXPECT_EQ(data.axes.size(), static_cast<std::size_t>(axes));
    }
    const EffectScales scales = RandomScales(data, random);
    const EffectWeights weights = RandomWeights(data, random);
    const EffectPosterior posterior(data, scales, weights, 0);
    ExpectSame(data, posterior, DenseModel(data, scales, weights), true);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(EffectModelTest, ExpectedInformationChangesTheCovariancesAndNoMean) {
  std::mt19937 random(1);
  for (int round = 0; round < 10; ++round) {
    const EffectData data = EffectData::From(RandomUnits(random, 1 + round % 3, 12, true));
    const EffectScales scales = RandomScales(data, random);
    const EffectWeights weights = RandomWeights(data, random);
    EffectPosterior posterior(data, scales, weights, 0);
    const double before = posterior.Mean(posterior.CellVector(0));
    posterior.UseExpectedInformation();
    EXPECT_EQ(posterior.Mean(posterior.CellVector(0)), before);
    const auto share = [](double degrees) {
      return kInformationShare * (degrees + 1) / (degrees + 3);
    };
    const Information information{share(kLoadDegrees), share(kCellDegrees), share(kStepDegrees)};
    ExpectSame(data, posterior, DenseModel(data, scales, weights, information), false);
  }
}

TEST(EffectModelTest, EvidenceIsTheMarginalLikelihoodUpToOneConstantForAllScales) {
  std::mt19937 random(2);
  for (int round = 0; round < 10; ++round) {
    const EffectData data =
        EffectData::From(RandomUnits(random, 1 + round % 3, 14, round % 2 == 0));
    const EffectWeights weights = RandomWeights(data, random);
    std::optional<double> constant;
    for (int i = 0; i < 8; ++i) {
      const EffectScales scales = RandomScales(data, random);
      const double evidence = EffectPosterior(data, scales, weights, 0).log_evidence();
      const double apart = evidence - DenseModel(data, scales, weights).LogEvidence();
      if (!constant) constant = apart;
      EXPECT_NEAR(apart, *constant, 1e-4);
    }
  }
}

TEST(EffectModelTest, EachRoundOfTheWeightsRaisesTheBound) {
  std::mt19937 random(3);
  for (int round = 0; round < 10; ++round) {
    const EffectData data = EffectData::From(RandomUnits(random, 1 + round % 3, 14, true));
    const EffectScales scales = RandomScales(data, random);
    double before = -1e300;
    // With no round the weights are no answer of the iteration yet, and the bound none of theirs.
    for (int iterations = 1; iterations < 12; ++iterations) {
      const EffectPosterior posterior(data, scales, EffectWeights::Ones(data), iterations);
      EXPECT_GT(posterior.log_evidence(), before - 1e-6) << iterations;
      before = posterior.log_evidence();
    }
  }
}

TEST(EffectModelTest, ALoadFarFromItsCellCountsLessThanTheOthers) {
  std::vector<LoadUnit> units;
  for (int i = 0; i < 8; ++i) {
    LoadUnit unit;
    unit.cell = {1024 * (1 + i % 2), 64};
    unit.log_value = i == 5 ? -0.3 : 0.002 * (i % 3);
    unit.start_s = 60.0 * i;
    units.push_back(unit);
  }
  const EffectData data = EffectData::From(units);
  EffectScales scales;
  scales.axes.assign(data.axes.size(), 0.01);
  const EffectPosterior posterior(data, scales, EffectWeights::Ones(data), 10);
  for (std::size_t i = 0; i < 8; ++i) {
    if (i != 5) {
      EXPECT_LT(10 * posterior.weights().loads[5], posterior.weights().loads[i]) << i;
    }
  }
}

TEST(EffectModelTest, HasMainEffectsOfTheParametersWithSeveralValuesAlone) {
  std::vector<LoadUnit> units(4);
  for (std::size_t i = 0; i < 4; ++i) {
    units[i].cell = Cell(1024, 64).With(Parameter::kNumThread, 2 + static_cast<int>(i / 2));
    if (i % 2 == 0) units[i].cell.Set(Parameter::kNumGpu, 7);
  }
  EXPECT_EQ(EffectData::From(units).axes, (std::vector<Axis>{{Parameter::kNumGpu, {kAutoValue, 7}},
                                                             {Parameter::kNumThread, {2, 3}}}));
}

TEST(EffectModelTest, MeasuresTimeInMedianIntervalsOfAStartOfTheProgram) {
  std::vector<LoadUnit> units(6);
  const double starts[] = {1000, 1010, 1030, 1040, 5000, 5010};
  for (std::size_t i = 0; i < 6; ++i) {
    units[i].cell = {1024, 64};
    units[i].start_s = starts[i];
    units[i].origin = i < 4 ? "A" : "B";
  }
  std::swap(units[0], units[3]);
  const EffectData data = EffectData::From(units);
  const double gaps[] = {0, 1, 2, 1, 0, 1};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(data.observations[i].gap, gaps[i]) << i;
}

}  // namespace
}  // namespace ollama_bench
