#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "ollama_bench/core/parameter.h"

namespace ollama_bench {

/// One combination of parameter values: one for each parameter, kAutoValue where it is not set.
/// Cells order by their values, parameter after parameter, as IsBefore has it.
class Cell {
 public:
  /// Nothing is set.
  Cell() { values_.fill(kAutoValue); }
  Cell(int num_ctx, int num_batch) : Cell() {
    Set(Parameter::kNumCtx, num_ctx);
    Set(Parameter::kNumBatch, num_batch);
  }

  /// kAutoValue where the parameter is not set.
  [[nodiscard]] int operator[](Parameter parameter) const {
    return values_[static_cast<std::size_t>(parameter)];
  }
  [[nodiscard]] bool Sets(Parameter parameter) const { return (*this)[parameter] != kAutoValue; }
  void Set(Parameter parameter, int value) { values_[static_cast<std::size_t>(parameter)] = value; }
  [[nodiscard]] Cell With(Parameter parameter, int value) const {
    Cell changed = *this;
    changed.Set(parameter, value);
    return changed;
  }

  friend bool operator==(const Cell&, const Cell&) = default;
  friend std::strong_ordering operator<=>(const Cell& a, const Cell& b);

 private:
  std::array<int, kParameterCount> values_;
};

/// "num_ctx=4096 num_batch=512": what is set; "auto" where nothing is.
std::string NameOf(const Cell& cell);
/// "num_ctx 4096, num_batch 512": the same, for sentences.
std::string DescribeCell(const Cell& cell);

}  // namespace ollama_bench
