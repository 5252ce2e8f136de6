#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ollama_bench {

/// How one search went.
struct Trace {
  std::vector<double> regret;       ///< of the answer, relative to the best, after each measurement
  std::vector<double> seconds;      ///< simulated, after each measurement
  std::vector<double> probability;  ///< said of the answer, after each measurement; empty: nothing
  std::optional<std::size_t> certified_at;  ///< measurements before the certificate
  bool certificate_true = false;
  double slowest_ms = 0.0;  ///< one proposal with its answer, measured
};

/// Measurements until the answer stays within 1 % of the best; one more than there were, if never.
std::size_t StaysFrom(const Trace& trace);

/// The lower end of the 95 % Wilson interval of a share.
double WilsonLower(double hits, double count);

/// Many traces of one strategy.
class Score {
 public:
  void Add(const Trace& trace) { traces_.push_back(trace); }
  void Add(const Score& score) {
    traces_.insert(traces_.end(), score.traces_.begin(), score.traces_.end());
  }

  static std::string Header();
  /// One line of a Markdown table.
  [[nodiscard]] std::string Row(const std::string& name) const;
  [[nodiscard]] double SlowestMs() const;
  /// A Markdown table: after how many measurements which probability was said, on average, and how
  /// often the answer was within 1 % of the best. Empty where nothing was said.
  [[nodiscard]] std::string Calibration() const;

 private:
  [[nodiscard]] double MeanRegretAt(std::size_t count) const;

  std::vector<Trace> traces_;
};

}  // namespace ollama_bench
