#include "selected_inverse.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <Eigen/SparseCholesky>
#include <random>
#include <vector>

namespace ollama_bench {
namespace {

using Sparse = Eigen::SparseMatrix<double>;

// Symmetric, with about `per_row` entries beside the diagonal in each row, and positive definite.
Sparse RandomPrecision(Eigen::Index size, int per_row, std::mt19937& random) {
  std::uniform_int_distribution<Eigen::Index> place(0, size - 1);
  std::normal_distribution<double> value;
  std::vector<Eigen::Triplet<double>> entries;
  for (Eigen::Index i = 0; i < size; ++i) entries.emplace_back(i, i, 0.1);
  for (Eigen::Index i = 0; i < size * per_row / 2; ++i) {
    // Of an observation of two unknowns.
    const Eigen::Index a = place(random);
    const Eigen::Index b = place(random);
    const double x = value(random);
    const double y = value(random);
    entries.emplace_back(a, a, x * x);
    entries.emplace_back(b, b, y * y);
    entries.emplace_back(a, b, a == b ? 2 * x * y : x * y);
    if (a != b) entries.emplace_back(b, a, x * y);
  }
  Sparse matrix(size, size);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

TEST(SelectedInverseTest, IsTheInverseWhereverTheFactorIsNotZero) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 60; ++round) {
    const Eigen::Index size = 1 + round;
    const Sparse matrix = RandomPrecision(size, round % 7, random);
    const Eigen::SimplicialLLT<Sparse, Eigen::Lower> factor(matrix);
    ASSERT_EQ(factor.info(), Eigen::Success);
    const Sparse lower = factor.matrixL();
    const Sparse selected = SelectedInverse(lower);
    const Eigen::MatrixXd dense = Eigen::MatrixXd(lower) * Eigen::MatrixXd(lower).transpose();
    const Eigen::MatrixXd inverse = dense.inverse();
    ASSERT_EQ(selected.nonZeros(), lower.nonZeros());
    for (Eigen::Index column = 0; column < size; ++column) {
      for (Sparse::InnerIterator entry(selected, column); entry; ++entry) {
        ASSERT_NEAR(entry.value(), inverse(entry.row(), column), 1e-9 * inverse.norm())
            << size << ' ' << entry.row() << ' ' << column;
      }
    }
  }
}

TEST(SelectedInverseTest, OfADenseFactorIsTheWholeInverse) {
  std::mt19937 random(1);
  const Eigen::MatrixXd root = Eigen::MatrixXd::NullaryExpr(
      9, 9, [&random] { return std::normal_distribution<double>()(random); });
  const Eigen::MatrixXd matrix = root * root.transpose() + Eigen::MatrixXd::Identity(9, 9);
  const Eigen::MatrixXd lower = matrix.llt().matrixL();
  const Eigen::MatrixXd selected = SelectedInverse(lower.sparseView());
  const Eigen::MatrixXd inverse = matrix.inverse();
  EXPECT_LT((selected - Eigen::MatrixXd(inverse.triangularView<Eigen::Lower>())).norm(), 1e-10);
}

}  // namespace
}  // namespace ollama_bench
