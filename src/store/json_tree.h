#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ollama_bench {

/// An iterator over a text that reports how far the parser has come.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ != b.at_;
  }

 private:
  const char* at_;
  std::size_t* count_;
};

/// Builds values while the text is parsed, but hands the elements of the top object's "results"
/// over one by one instead of keeping them. Refuses doubled keys and deep nesting.
class JsonTree : public nlohmann::json_sax<nlohmann::json> {
 public:
  using Json = nlohmann::json;

  struct Element {
    Json value;
    std::size_t begin = 0;  ///< byte range in the text; only exact for objects
    std::size_t end = 0;
    std::vector<std::size_t> sample_begins;  ///< of the objects in its "samples"
  };
  using OnElement = std::function<void(Element&&)>;

  explicit JsonTree(OnElement on_element) : on_element_(std::move(on_element)) {}

  /// Whether `text` is one JSON value. If not, `problem` and `problem_position` say why.
  bool Parse(std::string_view text);

  [[nodiscard]] const Json& root() const { return root_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::size_t problem_position() const { return problem_position_; }

  bool null() override { return AddScalar(nullptr); }
  bool boolean(bool value) override { return AddScalar(value); }
  bool number_integer(number_integer_t value) override { return AddScalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return AddScalar(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return AddScalar(value);
  }
  bool string(string_t& value) override { return AddScalar(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return Fail("binary data", position_); }
  bool start_object(std::size_t /*size*/) override { return Open(Json::object()); }
  bool key(string_t& value) override;
  bool end_object() override { return Close(); }
  bool start_array(std::size_t /*size*/) override { return Open(Json::array()); }
  bool end_array() override { return Close(); }
  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) override;

 private:
  bool AddScalar(Json value);
  bool Open(Json container);
  bool Close();
  Json* Place(Json value);
  bool Fail(std::string problem, std::size_t position);
  /// Whether a value that comes now is an element of "results".
  [[nodiscard]] bool InResults() const;

  OnElement on_element_;
  Json root_;
  std::vector<Json*> open_;        ///< the containers around the next value, outermost first
  std::vector<std::string> keys_;  ///< for each open container, the key that was read last
  std::size_t position_ = 0;       ///< bytes consumed
  std::size_t element_begin_ = 0;
  std::vector<std::size_t> sample_begins_;
  std::string problem_;
  std::size_t problem_position_ = 0;
};

}  // namespace ollama_bench
