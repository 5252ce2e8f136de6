#include "json_tree.h"

#include <fmt/format.h>

#include <utility>

#include "ollama_bench/core/text.h"
#include "store_content.h"

namespace ollama_bench {
namespace {

// "[json.exception.parse_error.101] parse error at line 1, column 2: the reason": only the reason,
// because the line is told in front, and not endlessly much of the text it quotes.
std::string ReasonOf(std::string_view message) {
  constexpr std::size_t kMost = 200;
  if (const auto bracket = message.find("] "); bracket != std::string_view::npos) {
    message.remove_prefix(bracket + 2);
  }
  if (message.starts_with("parse error at")) {
    if (const auto colon = message.find(": "); colon != std::string_view::npos) {
      message.remove_prefix(colon + 2);
    }
  }
  return Printable(message.substr(0, kMost), false);
}

}  // namespace

bool JsonTree::Parse(std::string_view text) {
  return Json::sax_parse(CountingIterator(text.data(), &position_),
                         CountingIterator(text.data() + text.size(), &position_), this);
}

bool JsonTree::InResults() const {
  return open_.size() == 2 && keys_.front() == "results" && open_.back()->is_array() &&
         open_.front()->is_object();
}

JsonTree::Json* JsonTree::Place(Json value) {
  if (open_.empty()) return &(root_ = std::move(value));
  Json& parent = *open_.back();
  if (parent.is_array()) return &parent.emplace_back(std::move(value));
  return &(parent[keys_.back()] = std::move(value));
}

bool JsonTree::AddScalar(Json value) {
  if (InResults()) {
    // A number's end is only seen one byte later.
    on_element_({std::move(value), position_ - 1, position_, {}});
  } else {
    Place(std::move(value));
  }
  return true;
}

bool JsonTree::key(string_t& value) {
  if (open_.back()->contains(value)) {
    return Fail(fmt::format("the key \"{}\" is there twice in one object", Printable(value, false)),
                position_);
  }
  keys_.back() = std::move(value);
  return true;
}

bool JsonTree::Open(Json container) {
  if (open_.size() >= static_cast<std::size_t>(kDeepestNesting)) {
    return Fail(fmt::format("more than {} levels deep", kDeepestNesting), position_);
  }
  const std::size_t begin = position_ - 1;
  if (InResults()) {
    element_begin_ = begin;
    sample_begins_.clear();
  }
  const bool in_samples = open_.size() == 4 && keys_.front() == "results" && keys_[2] == "samples";
  if (in_samples) sample_begins_.push_back(begin);
  open_.push_back(Place(std::move(container)));
  keys_.emplace_back();
  return true;
}

bool JsonTree::Close() {
  open_.pop_back();
  keys_.pop_back();
  if (!InResults()) return true;
  Json& results = *open_.back();
  on_element_({std::move(results.back()), element_begin_, position_, std::move(sample_begins_)});
  results.get_ref<Json::array_t&>().pop_back();
  return true;
}

bool JsonTree::Fail(std::string problem, std::size_t position) {
  problem_ = std::move(problem);
  problem_position_ = position;
  return false;
}

bool JsonTree::parse_error(std::size_t /*position*/, const std::string& /*last_token*/,
                           const nlohmann::detail::exception& error) {
  // The byte read last may be a line end that only closed the token.
  return Fail(ReasonOf(error.what()), position_ - (position_ > 0 ? 1 : 0));
}

}  // namespace ollama_bench
