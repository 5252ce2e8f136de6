#include "cell_label.h"

#include <algorithm>

namespace ollama_bench {

std::string ShortLabel(FailureKind kind) {
  return std::string(Describe(kind).label);
}

std::string ShortLabel(Exclusion reason) {
  std::string label(KeyOf(reason));
  std::replace(label.begin(), label.end(), '_', ' ');
  return label;
}

}  // namespace ollama_bench
