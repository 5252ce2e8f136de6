#include "placed_json.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

namespace ollama_bench {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDeepest = 64;

/// Reads text for the parser and leaves in `*read` how much of it was read. A number takes the
/// character after it, too.
class ReadingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  ReadingIterator(const char* at, const char** read) : at_(at), read_(read) {}
  const char& operator*() const {
    *read_ = at_;
    return *at_;
  }
  ReadingIterator& operator++() {
    ++at_;
    return *this;
  }
  ReadingIterator operator++(int) {
    ReadingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const ReadingIterator& a, const ReadingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const ReadingIterator& a, const ReadingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  const char** read_;
};

/// Builds the values as the parser reports them.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(std::string_view text) : read_(text.data()), counted_(text.data()) {}

  const char** read() { return &read_; }
  PlacedJson Take() { return std::move(root_); }
  [[nodiscard]] const std::optional<PlacedError>& error() const { return error_; }

  bool null() override { return Add({}); }
  bool boolean(bool value) override {
    PlacedJson added{PlacedJson::Type::kBoolean};
    added.boolean = value;
    return Add(std::move(added));
  }
  bool number_integer(number_integer_t value) override {
    return AddNumber(static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return AddNumber(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return AddNumber(value); }
  bool string(string_t& value) override {
    PlacedJson added{PlacedJson::Type::kText};
    added.text = std::move(value);
    return Add(std::move(added));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(PlacedJson::Type::kObject); }
  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t) override { return Open(PlacedJson::Type::kList); }
  bool end_array() override { return Close(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    error_ = PlacedError{Line(), "is not JSON from here on; it is damaged or not whole"};
    return false;
  }

 private:
  // Of the last character read; a line's end is the line's own.
  std::size_t Line() {
    line_ += static_cast<std::size_t>(std::count(counted_, read_, '\n'));
    counted_ = read_;
    return line_;
  }
  bool AddNumber(double value) {
    PlacedJson added{PlacedJson::Type::kNumber};
    added.number = value;
    return Add(std::move(added));
  }
  bool Add(PlacedJson value) {
    value.line = Line();
    Place(std::move(value));
    return true;
  }
  PlacedJson& Place(PlacedJson value) {
    if (open_.empty()) return root_ = std::move(value);
    PlacedJson& parent = *open_.back();
    if (parent.type == PlacedJson::Type::kList) {
      return parent.items.emplace_back(std::move(value));
    }
    return parent.members.emplace_back(std::move(key_), std::move(value)).second;
  }
  bool Open(PlacedJson::Type type) {
    PlacedJson value{type};
    value.line = Line();
    if (open_.size() == kDeepest) {
      error_ = PlacedError{value.line, "is nested too deeply"};
      return false;
    }
    // Nothing is added beside it until it is closed, so that it stays where it is.
    open_.push_back(&Place(std::move(value)));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  const char* read_;
  const char* counted_;
  std::size_t line_ = 1;
  PlacedJson root_;
  std::vector<PlacedJson*> open_;
  std::string key_;
  std::optional<PlacedError> error_;
};

}  // namespace

const PlacedJson* PlacedJson::Find(std::string_view name) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [name](const auto& member) { return member.first == name; });
  return found == members.end() ? nullptr : &found->second;
}

Expected<PlacedJson, PlacedError> ParsePlacedJson(std::string_view text) {
  Builder builder(text);
  const ReadingIterator begin(text.data(), builder.read());
  const ReadingIterator end(text.data() + text.size(), builder.read());
  const bool is_whole = Json::sax_parse(begin, end, &builder);
  if (!is_whole || builder.error()) {
    return Unexpected<PlacedError>(builder.error().value_or(PlacedError{1, "is not JSON"}));
  }
  return builder.Take();
}

}  // namespace ollama_bench
