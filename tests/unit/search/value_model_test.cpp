#include "value_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

SearchGrid GridOf(int contexts, int batches) {
  Grid grid;
  for (int i = 1; i <= contexts; ++i) grid.across.values.push_back(2048 * i);
  for (int i = 1; i <= batches; ++i) grid.down.values.push_back(128 * i);
  return SearchGrid(grid);
}

ValueData RandomData(const SearchGrid& grid, std::size_t cells, std::uint64_t seed) {
  Random random(seed);
  ValueData data;
  for (std::size_t i = 0; i < cells; ++i) {
    data.cells.push_back(i * grid.CellCount() / cells);
    data.visits.push_back(static_cast<double>(1 + random.Below(3)));
    data.mean.push_back(6.0 + 0.1 * random.Normal());
    if (data.visits.back() > 1.0) data.within += 0.0004 * random.Uniform();
    data.count += static_cast<std::size_t>(data.visits.back());
  }
  return data;
}

/// The posterior by the textbook's formula: dense inverses, no factor shared.
struct Direct {
  VectorXd mean;
  MatrixXd covariance;

  Direct(const ValueModel& model, const SearchGrid& grid, const ValueComponent& component,
         const ValueData& data) {
    const auto size = static_cast<Index>(data.cells.size());
    const auto cells = static_cast<Index>(grid.CellCount());
    const auto correlation = [&](std::size_t a, std::size_t b) {
      return model.Correlation(component, a, b);
    };
    MatrixXd gram(size, size);
    MatrixXd across(size, cells);
    MatrixXd prior(cells, cells);
    for (Index i = 0; i < size; ++i) {
      const std::size_t cell = data.cells[static_cast<std::size_t>(i)];
      for (Index j = 0; j < size; ++j) {
        gram(i, j) = correlation(cell, data.cells[static_cast<std::size_t>(j)]);
      }
      gram(i, i) += component.noise2 / component.scale2 / data.visits[static_cast<std::size_t>(i)];
      for (Index j = 0; j < cells; ++j) {
        across(i, j) = correlation(cell, static_cast<std::size_t>(j));
      }
    }
    for (Index i = 0; i < cells; ++i) {
      for (Index j = 0; j < cells; ++j) {
        prior(i, j) = correlation(static_cast<std::size_t>(i), static_cast<std::size_t>(j));
      }
    }
    const MatrixXd inverse = gram.inverse();
    const VectorXd one = VectorXd::Ones(size);
    const VectorXd y = Eigen::Map<const VectorXd>(data.mean.data(), size);
    const double precision = one.dot(inverse * one);
    const double level = one.dot(inverse * y) / precision;
    mean = (across.transpose() * inverse * (y - level * one)).array() + level;
    const VectorXd left = VectorXd::Ones(cells) - across.transpose() * inverse * one;
    covariance = component.scale2 * (prior - across.transpose() * inverse * across +
                                     left * left.transpose() / precision);
  }
};

TEST(ValueModelTest, AgreesWithADirectDenseComputation) {
  const SearchGrid grid = GridOf(9, 6);
  const ValueModel model(grid);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const ValueData data = RandomData(grid, 5 + 3 * seed, seed);
    for (const ValueComponent& component : model.Fit(data)) {
      const Direct direct(model, grid, component, data);
      EXPECT_LT((component.mean - direct.mean).cwiseAbs().maxCoeff(), 1e-8);
      for (std::size_t a = 0; a < grid.CellCount(); ++a) {
        const auto i = static_cast<Index>(a);
        EXPECT_NEAR(component.variance[i], direct.covariance(i, i),
                    1e-8 * component.scale2 + 1e-11);
        for (std::size_t b = 0; b < a; ++b) {
          EXPECT_NEAR(model.Covariance(component, a, b),
                      direct.covariance(i, static_cast<Index>(b)), 1e-8 * component.scale2);
        }
      }
    }
  }
}

TEST(ValueModelTest, WeightsSumToOneAndFall) {
  const SearchGrid grid = GridOf(9, 6);
  const auto components = ValueModel(grid).Fit(RandomData(grid, 12, 3));
  double total = 0.0;
  for (std::size_t i = 0; i < components.size(); ++i) {
    total += components[i].weight;
    if (i > 0) {
      EXPECT_LE(components[i].weight, components[i - 1].weight);
    }
  }
  EXPECT_NEAR(total, 1.0, 1e-12);
}

TEST(ValueModelTest, AFactorOfAllRatesShiftsTheMeanAlone) {
  const SearchGrid grid = GridOf(9, 6);
  const ValueModel model(grid);
  ValueData data = RandomData(grid, 12, 4);
  const auto before = model.Fit(data);
  for (double& mean : data.mean) mean += std::log(8.0);
  const auto after = model.Fit(data);
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].hyper, after[i].hyper);
    EXPECT_NEAR(before[i].mean[7] + std::log(8.0), after[i].mean[7], 1e-7);
    EXPECT_NEAR(before[i].variance[7], after[i].variance[7], 1e-7 * before[i].scale2);
  }
}

TEST(ValueModelTest, OneCellIsEnough) {
  const SearchGrid grid = GridOf(4, 4);
  ValueData data;
  data.cells = {5};
  data.mean = {6.0};
  data.visits = {1.0};
  data.count = 1;
  for (const ValueComponent& component : ValueModel(grid).Fit(data)) {
    EXPECT_TRUE(component.mean.allFinite());
    EXPECT_NEAR(component.mean[5], 6.0, 1e-9);
  }
}

}  // namespace
}  // namespace ollama_bench
