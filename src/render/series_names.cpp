#include "series_names.h"

#include "ollama_bench/core/parameter.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {

Cell SharedBy(const std::vector<Cell>& cells) {
  Cell shared = cells.front();
  for (const Cell& cell : cells) {
    for (const ParameterInfo& info : AllParameters()) {
      if (cell[info.parameter] != shared[info.parameter]) shared.Set(info.parameter, kAutoValue);
    }
  }
  return shared;
}

std::string NameBeside(const Cell& cell, const Cell& shared) {
  Cell own = cell;
  for (const ParameterInfo& info : AllParameters()) {
    if (shared.Sets(info.parameter)) own.Set(info.parameter, kAutoValue);
  }
  return Printable(DescribeCell(own), false);
}

}  // namespace ollama_bench
