#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ollama_bench {

/// Rows of texts under headings, right-aligned, two blanks between columns.
class TextColumns {
 public:
  explicit TextColumns(std::vector<std::vector<std::string>> headings)
      : rows_(std::move(headings)) {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  [[nodiscard]] std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ollama_bench
