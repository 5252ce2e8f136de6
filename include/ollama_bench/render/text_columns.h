#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ollama_bench {

/// Rows of texts under headings of one line or more.
class TextColumns {
 public:
  using Row = std::vector<std::string>;

  explicit TextColumns(std::vector<Row> headings) : headings_(std::move(headings)) {}
  void Add(Row row) { rows_.push_back(std::move(row)); }

  [[nodiscard]] const std::vector<Row>& headings() const { return headings_; }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

  /// Right-aligned, two blanks between columns.
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<Row> headings_;
  std::vector<Row> rows_;
};

}  // namespace ollama_bench
