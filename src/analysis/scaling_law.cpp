#include "ollama_bench/analysis/scaling_law.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <utility>

namespace ollama_bench {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kLevel = 0.95;
constexpr double kBreakLevel = 0.04;  // of a claimed breakpoint
constexpr std::size_t kFewestLengthsForBreak = 6;
constexpr int kPlaces = 60;  // that a breakpoint is looked for at
constexpr int kFiner = 8;    // places between two of these, for the interval
constexpr int kDraws = 999;  // of straight data
constexpr int kReweightings = 6;
constexpr double kMostExtrapolation = 2;

double StudentsQuantile(double degrees) {
  return boost::math::quantile(boost::math::students_t(degrees), (1 + kLevel) / 2);
}

// The columns 1, n, n², in units of the longest length.
MatrixXd DesignOf(const std::vector<LoadTime>& times, int terms, double longest) {
  MatrixXd design(static_cast<Eigen::Index>(times.size()), terms);
  for (Eigen::Index row = 0; row < design.rows(); ++row) {
    double power = 1;
    for (Eigen::Index column = 0; column < terms; ++column) {
      design(row, column) = power;
      power *= times[static_cast<std::size_t>(row)].tokens / longest;
    }
  }
  return design;
}

std::size_t LengthsOf(const std::vector<LoadTime>& times) {
  std::set<double> lengths;
  for (const LoadTime& time : times) lengths.insert(time.tokens);
  return lengths.size();
}

/// The runs of one load, in the units of relative errors: every row is divided by the time that
/// the law gives for it.
struct LoadRows {
  std::vector<LoadTime> times;
  MatrixXd design;   // weighted
  VectorXd values;   // weighted: about 1
  MatrixXd columns;  // not weighted
};

MatrixXd ProjectionOf(const MatrixXd& design) {
  return design * (design.transpose() * design).ldlt().solve(design.transpose());
}

}  // namespace

/// Fits one law.
class LawFit {
 public:
  LawFit(const std::vector<LoadTime>& times, int terms) : terms_(terms) {
    std::map<std::int64_t, std::vector<LoadTime>> of_load;
    for (const LoadTime& time : times) {
      if (time.seconds > 0) of_load[time.load_id].push_back(time);
    }
    for (auto& [id, own] : of_load) {
      if (LengthsOf(own) > static_cast<std::size_t>(terms))
        loads_.push_back({std::move(own), {}, {}, {}});
    }
  }

  Expected<ScalingLaw, std::string> Make() {
    if (loads_.empty()) {
      return Unexpected<std::string>(
          fmt::format("a law needs {} lengths or more in one load of the model", terms_ + 1));
    }
    FindLengths();
    for (LoadRows& load : loads_) {
      load.columns = DesignOf(load.times, terms_, law_.longest_);
    }
    FitTerms();
    if (terms_ > 2 && lengths_.size() >= kFewestLengthsForBreak) FindBreakpoint();
    Describe();
    return std::move(law_);
  }

 private:
  void FindLengths() {
    for (const LoadRows& load : loads_) {
      for (const LoadTime& time : load.times) lengths_.insert(time.tokens);
    }
    law_.shortest_ = *lengths_.begin();
    law_.longest_ = *lengths_.rbegin();
  }

  // Weighted by the mean law of the turn before; by the times themselves at first.
  void FitTerms() {
    VectorXd mean;
    for (int turn = 0; turn < kReweightings; ++turn) {
      VectorXd sum = VectorXd::Zero(loads_.front().columns.cols());
      for (LoadRows& load : loads_) {
        Weigh(load, mean);
        sum += Solve(load);
      }
      mean = sum / static_cast<double>(loads_.size());
    }
  }

  static void Weigh(LoadRows& load, const VectorXd& mean) {
    const auto rows = load.columns.rows();
    VectorXd weight(rows);
    for (Eigen::Index row = 0; row < rows; ++row) {
      const double seconds = load.times[static_cast<std::size_t>(row)].seconds;
      const double fitted = mean.size() == 0 ? seconds : load.columns.row(row).dot(mean);
      // Where a law is not positive it cannot weigh.
      weight(row) = 1 / std::max(fitted, seconds / 10);
    }
    load.design = weight.asDiagonal() * load.columns;
    load.values = VectorXd(rows);
    for (Eigen::Index row = 0; row < rows; ++row) {
      load.values(row) = weight(row) * load.times[static_cast<std::size_t>(row)].seconds;
    }
  }

  static VectorXd Solve(const LoadRows& load) {
    return load.design.colPivHouseholderQr().solve(load.values);
  }

  // What of a bend at `place` the loads' own terms cannot show, of length 1; load after load.
  [[nodiscard]] VectorXd BendAt(double place) const {
    VectorXd bend(Runs());
    Eigen::Index at = 0;
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      const LoadRows& load = loads_[i];
      VectorXd own(load.values.size());
      for (Eigen::Index row = 0; row < own.size(); ++row) {
        const LoadTime& time = load.times[static_cast<std::size_t>(row)];
        const double weight = load.values(row) / time.seconds;
        own(row) = weight * std::max(0.0, time.tokens - place) / law_.longest_;
      }
      bend.segment(at, own.size()) = own - projections_[i] * own;
      at += own.size();
    }
    const double size = bend.norm();
    return size > 1e-12 ? VectorXd(bend / size) : VectorXd::Zero(bend.size());
  }

  [[nodiscard]] Eigen::Index Runs() const {
    Eigen::Index runs = 0;
    for (const LoadRows& load : loads_) runs += load.values.size();
    return runs;
  }

  // What the loads' own terms leave of `values`, load after load.
  [[nodiscard]] VectorXd ResidualsOf(const VectorXd& values) const {
    VectorXd residuals = values;
    Eigen::Index at = 0;
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      const auto size = loads_[i].values.size();
      residuals.segment(at, size) -= projections_[i] * values.segment(at, size);
      at += size;
    }
    return residuals;
  }

  [[nodiscard]] VectorXd AllValues() const {
    VectorXd values(Runs());
    Eigen::Index at = 0;
    for (const LoadRows& load : loads_) {
      values.segment(at, load.values.size()) = load.values;
      at += load.values.size();
    }
    return values;
  }

  void FindBreakpoint() {
    for (const LoadRows& load : loads_) projections_.push_back(ProjectionOf(load.design));
    if (FreeRuns() < 2) return;
    // Between the second and the last but one length, evenly in the logarithm.
    const double first = *std::next(lengths_.begin());
    const double last = *std::prev(lengths_.end(), 2);
    std::vector<double> places;
    MatrixXd bends(Runs(), kPlaces);
    for (int i = 0; i < kPlaces; ++i) {
      places.push_back(first * std::pow(last / first, static_cast<double>(i) / (kPlaces - 1)));
      bends.col(i) = BendAt(places.back());
    }
    const VectorXd residuals = ResidualsOf(AllValues());
    const VectorXd gains = (bends.transpose() * residuals).cwiseAbs2();
    Eigen::Index best = 0;
    const double most = gains.maxCoeff(&best);
    const double squares = residuals.squaredNorm();
    const double p_value = ShareAbove(bends, most / squares);
    if (p_value > kBreakLevel) return;
    law_.breakpoint_ = Locate(residuals, places[static_cast<std::size_t>(best)], first, last);
    law_.breakpoint_->p_value = p_value;
    AddBend(law_.breakpoint_->tokens);
  }

  // Between `first` and `last`, from the place that is the best of the coarse grid. The interval is
  // that of the profile likelihood: places whose F against the best one is below the quantile.
  [[nodiscard]] Breakpoint Locate(const VectorXd& residuals, double best, double first,
                                  double last) const {
    const double step = std::pow(last / first, 1.0 / (kPlaces - 1) / kFiner);
    const auto gain_at = [&](double place) {
      const double share = BendAt(place).dot(residuals);
      return share * share;
    };
    Breakpoint found;
    found.tokens = best;
    for (int i = -kFiner; i <= kFiner; ++i) {
      const double place = best * std::pow(step, i);
      const bool is_inside = place >= first && place <= last;
      if (is_inside && gain_at(place) > gain_at(found.tokens)) found.tokens = place;
    }
    const double most = gain_at(found.tokens);
    const double free = FreeRuns();
    const double within = boost::math::quantile(boost::math::fisher_f(1, free), kLevel) *
                          (residuals.squaredNorm() - most) / free;
    const auto end = [&](double factor) {
      double place = found.tokens;
      while (place >= first && place <= last && most - gain_at(place) <= within) place *= factor;
      return std::clamp(place, first, last);
    };
    found.low = end(1 / step);
    found.high = end(step);
    return found;
  }

  // Runs less what the loads' terms and a bend take.
  [[nodiscard]] double FreeRuns() const {
    return static_cast<double>(Runs()) - terms_ * static_cast<double>(loads_.size()) - 1;
  }

  // How many straight data sets have a better breakpoint somewhere.
  [[nodiscard]] double ShareAbove(const MatrixXd& bends, double gain) const {
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    VectorXd noise(Runs());
    int above = 1;
    for (int draw = 0; draw < kDraws; ++draw) {
      for (double& value : noise) value = normal(random);
      const VectorXd residuals = ResidualsOf(noise);
      const double most = (bends.transpose() * residuals).cwiseAbs2().maxCoeff();
      above += most / residuals.squaredNorm() >= gain ? 1 : 0;
    }
    return static_cast<double>(above) / (kDraws + 1);
  }

  void AddBend(double place) {
    for (LoadRows& load : loads_) {
      load.columns.conservativeResize(Eigen::NoChange, load.columns.cols() + 1);
      for (Eigen::Index row = 0; row < load.columns.rows(); ++row) {
        const double tokens = load.times[static_cast<std::size_t>(row)].tokens;
        load.columns(row, load.columns.cols() - 1) = std::max(0.0, tokens - place) / law_.longest_;
      }
    }
    FitTerms();
  }

  void Describe() {
    double squares = 0;
    double free = 0;
    for (const LoadRows& load : loads_) {
      const VectorXd solution = Solve(load);
      law_.coefficients_.emplace_back(solution.begin(), solution.end());
      squares += (load.values - load.design * solution).squaredNorm();
      free += static_cast<double>(load.values.size() - solution.size());
    }
    law_.deviation_ = free > 0 ? std::sqrt(squares / free) : 0;
    law_.degrees_ = loads_.size() > 1 ? static_cast<double>(loads_.size() - 1) : free;
    if (loads_.size() == 1) DescribeAlone();
    for (int term = 0; term < terms_; ++term) {
      std::vector<double> unit(law_.coefficients_.front().size(), 0.0);
      unit[static_cast<std::size_t>(term)] = std::pow(law_.longest_, -term);
      law_.terms_.push_back(law_.Combine(unit));
    }
    if (!law_.breakpoint_) return;
    std::vector<double> unit(law_.coefficients_.front().size(), 0.0);
    unit.back() = 1 / law_.longest_;
    law_.breakpoint_->slope_change = law_.Combine(unit).estimate;
  }

  void DescribeAlone() {
    const MatrixXd& design = loads_.front().design;
    const MatrixXd covariance = law_.deviation_ * law_.deviation_ *
                                (design.transpose() * design)
                                    .ldlt()
                                    .solve(MatrixXd::Identity(design.cols(), design.cols()));
    for (Eigen::Index row = 0; row < covariance.rows(); ++row) {
      law_.covariance_.emplace_back(covariance.row(row).begin(), covariance.row(row).end());
    }
  }

  int terms_;
  std::vector<LoadRows> loads_;
  std::set<double> lengths_;
  std::vector<MatrixXd> projections_;  // of each load, onto its own terms
  ScalingLaw law_;
};

// A weighted sum of the coefficients, with its interval.
Bounded ScalingLaw::Combine(const std::vector<double>& weights) const {
  std::vector<double> values;
  for (const std::vector<double>& own : coefficients_) {
    double sum = 0;
    for (std::size_t i = 0; i < own.size(); ++i) sum += weights[i] * own[i];
    values.push_back(sum);
  }
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / n;
  double variance = 0;
  for (const double value : values) variance += (value - mean) * (value - mean);
  if (values.size() > 1) variance /= (n - 1) * n;
  for (std::size_t i = 0; i < covariance_.size(); ++i) {
    for (std::size_t k = 0; k < weights.size(); ++k) {
      variance += weights[i] * weights[k] * covariance_[i][k];
    }
  }
  const double half = degrees_ > 0 ? StudentsQuantile(degrees_) * std::sqrt(variance) : 0;
  return {mean, mean - half, mean + half};
}

std::optional<LawTime> ScalingLaw::At(double tokens) const {
  if (tokens > kMostExtrapolation * longest_ || tokens < shortest_ / kMostExtrapolation) {
    return std::nullopt;
  }
  std::vector<double> weights;
  double power = 1;
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    weights.push_back(power);
    power *= tokens / longest_;
  }
  if (breakpoint_) weights.push_back(std::max(0.0, tokens - breakpoint_->tokens) / longest_);
  return LawTime{Combine(weights), tokens < shortest_ || tokens > longest_};
}

Expected<ScalingLaw, std::string> FitScalingLaw(const std::vector<LoadTime>& times, int terms) {
  return LawFit(times, terms).Make();
}

}  // namespace ollama_bench
