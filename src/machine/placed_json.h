#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// A JSON value that knows the line it is on, so that what is wrong with it can be found.
struct PlacedJson {
  enum class Type { kNull, kBoolean, kNumber, kText, kList, kObject };

  Type type = Type::kNull;
  std::size_t line = 0;  ///< from 1; of its end, for lists and objects of their beginning
  double number = 0;
  bool boolean = false;
  std::string text = {};
  std::vector<PlacedJson> items = {};                            ///< of a list
  std::vector<std::pair<std::string, PlacedJson>> members = {};  ///< of an object, in their order

  /// The first member of that name; null where there is none, or this is no object.
  [[nodiscard]] const PlacedJson* Find(std::string_view name) const;
};

/// Where something is wrong, and what.
struct PlacedError {
  std::size_t line = 0;
  std::string message;
};

/// The one value in `text`. Nesting deeper than 64 is refused, as it could exhaust the stack.
Expected<PlacedJson, PlacedError> ParsePlacedJson(std::string_view text);

}  // namespace ollama_bench
