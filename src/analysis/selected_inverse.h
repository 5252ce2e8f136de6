#pragma once

#include <Eigen/SparseCore>

namespace ollama_bench {

/// The entries of Q^-1 at which the lower Cholesky factor of Q (Q = L L^T) is not zero, as the
/// lower triangle, in the factor's own order of rows. Costs about as much as the factorisation.
///
/// Source: Takahashi, Fagan and Chen, "Formation of a sparse bus impedance matrix" (1973).
Eigen::SparseMatrix<double> SelectedInverse(const Eigen::SparseMatrix<double>& factor);

}  // namespace ollama_bench
