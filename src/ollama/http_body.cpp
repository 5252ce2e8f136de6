#include "http_body.h"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace ollama_bench {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t kLongestHeaders = 65'536;  // bytes

/// A Body of Boost.Beast that keeps nothing and hands every part on.
struct PassingBody {
  using value_type = HttpBody::OnBody;

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>& /*header*/, value_type& on_body) : on_body_(on_body) {}
    void init(const boost::optional<std::uint64_t>& /*length*/, error_code& why) { why = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& why) {
      why = {};
      std::size_t size = 0;
      for (auto at = boost::asio::buffer_sequence_begin(buffers);
           at != boost::asio::buffer_sequence_end(buffers); ++at) {
        const boost::asio::const_buffer part = *at;
        on_body_(std::string_view(static_cast<const char*>(part.data()), part.size()));
        size += part.size();
      }
      return size;
    }
    void finish(error_code& why) { why = {}; }

   private:
    value_type& on_body_;
  };
};

}  // namespace

struct HttpBody::Parser {
  http::response_parser<PassingBody> http;
  std::string rest;  // of the bytes so far, not taken yet
};

HttpBody::HttpBody(OnBody on_body) : parser_(std::make_unique<Parser>()) {
  parser_->http.get().body() = std::move(on_body);
  parser_->http.header_limit(kLongestHeaders);
  // None is not the same: Beast finds every stated length above it.
  parser_->http.body_limit(std::numeric_limits<std::uint64_t>::max());
  parser_->http.eager(true);
}
HttpBody::HttpBody(HttpBody&&) noexcept = default;
HttpBody& HttpBody::operator=(HttpBody&&) noexcept = default;
HttpBody::~HttpBody() = default;

bool HttpBody::Feed(std::string_view bytes) {
  std::string& rest = parser_->rest;
  const bool is_split = !rest.empty();
  if (is_split) rest.append(bytes);
  std::string_view left = is_split ? std::string_view(rest) : bytes;
  while (!left.empty() && !parser_->http.is_done()) {
    error_code why;
    const std::size_t taken = parser_->http.put(boost::asio::buffer(left.data(), left.size()), why);
    left.remove_prefix(taken);
    if (why == http::error::need_more) break;
    if (why) return false;
  }
  if (parser_->http.is_done()) return left.empty();
  if (left.size() > kLongestHeaders) return false;
  rest = std::string(left);
  return true;
}

bool HttpBody::FeedEnd() {
  error_code why;
  if (parser_->http.got_some()) parser_->http.put_eof(why);
  return !why && parser_->http.is_done();
}

bool HttpBody::IsDone() const {
  return parser_->http.is_done();
}
bool HttpBody::KeepsAlive() const {
  return parser_->http.keep_alive();
}
int HttpBody::status() const {
  return parser_->http.is_header_done() ? static_cast<int>(parser_->http.get().result_int()) : 0;
}

}  // namespace ollama_bench
