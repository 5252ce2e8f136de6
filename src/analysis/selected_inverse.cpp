#include "selected_inverse.h"

#include <algorithm>
#include <vector>

namespace ollama_bench {
namespace {

using Sparse = Eigen::SparseMatrix<double>;

/// Works from the last column to the first; each needs only columns that are done.
class Inversion {
 public:
  explicit Inversion(const Sparse& factor)
      : factor_(factor), inverse_(factor), place_(static_cast<std::size_t>(factor.rows()), -1) {}

  Sparse Run() {
    for (Eigen::Index column = factor_.cols() - 1; column >= 0; --column) Invert(column);
    return std::move(inverse_);
  }

 private:
  // The column's rows below the diagonal are `begin + 1 .. end`, in ascending order.
  void Invert(Eigen::Index column) {
    const auto begin = factor_.outerIndexPtr()[column];
    const auto end = factor_.outerIndexPtr()[column + 1];
    const auto below = static_cast<std::size_t>(end - begin - 1);
    const int* rows = factor_.innerIndexPtr() + begin + 1;
    const double* values = factor_.valuePtr() + begin + 1;
    const double diagonal = factor_.valuePtr()[begin];
    for (std::size_t i = 0; i < below; ++i) {
      place_[static_cast<std::size_t>(rows[i])] = static_cast<int>(i);
    }
    sums_.assign(below, 0);
    for (std::size_t k = 0; k < below; ++k) AddColumn(rows[k], k, values);
    for (std::size_t i = 0; i < below; ++i) place_[static_cast<std::size_t>(rows[i])] = -1;

    double* out = inverse_.valuePtr() + begin;
    double of_diagonal = 1 / diagonal;
    for (std::size_t i = 0; i < below; ++i) {
      out[i + 1] = -sums_[i] / diagonal;
      of_diagonal -= values[i] * out[i + 1];
    }
    out[0] = of_diagonal / diagonal;
  }

  // Adds to the sums what the inverse's column `row` (the k-th below the diagonal) takes part in:
  // its entries in the pattern, once for each side of the symmetric matrix.
  void AddColumn(int row, std::size_t k, const double* values) {
    const auto begin = inverse_.outerIndexPtr()[row];
    const auto end = inverse_.outerIndexPtr()[row + 1];
    sums_[k] += values[k] * inverse_.valuePtr()[begin];
    for (auto entry = begin + 1; entry < end; ++entry) {
      const int i = place_[static_cast<std::size_t>(inverse_.innerIndexPtr()[entry])];
      if (i < 0) continue;
      const double value = inverse_.valuePtr()[entry];
      sums_[static_cast<std::size_t>(i)] += values[k] * value;
      sums_[k] += values[i] * value;
    }
  }

  const Sparse& factor_;
  Sparse inverse_;
  std::vector<int> place_;  ///< of a row within the column in work; -1: not in it
  std::vector<double> sums_;
};

}  // namespace

Sparse SelectedInverse(const Sparse& factor) {
  return Inversion(factor).Run();
}

}  // namespace ollama_bench
