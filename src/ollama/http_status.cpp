#include "http_status.h"

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

using enum FailureKind;

// The first range that holds a status counts.
constexpr std::array kMeanings = {
    StatusMeaning{300, 399, kRefused, "the requests are redirected",
                  "name the address that they are redirected to with --host"},
    StatusMeaning{401, 401, kRefused, "authorisation is required",
                  "measure on the server's own machine, or let the proxy pass this one"},
    StatusMeaning{403, 403, kRefused, "access is forbidden",
                  "start the server with OLLAMA_HOST=0.0.0.0, or let the proxy pass this machine"},
    StatusMeaning{404, 405, kServerUnavailable, "no Ollama answers at this address",
                  "see host, port and path of --host or OLLAMA_HOST"},
    StatusMeaning{407, 407, kRefused, "a proxy requires authorisation",
                  "reach the server without it"},
    StatusMeaning{408, 408, kServerUnavailable, "the request took too long to arrive",
                  "see the time limits of the proxy"},
    StatusMeaning{413, 413, kPromptTooLong, "the request is too large",
                  "raise the proxy's limit (client_max_body_size of nginx), or use a shorter "
                  "prompt"},
    StatusMeaning{421, 421, kRefused, "this host name is not served here",
                  "see the host of --host or OLLAMA_HOST"},
    StatusMeaning{429, 429, kServerBusy, "too many requests",
                  "lift the rate limit of the proxy for this machine"},
    StatusMeaning{400, 499, kRefused, "the request is refused",
                  "see the log of the proxy or server at this address"},
    StatusMeaning{502, 502, kServerUnavailable, "a proxy does not reach Ollama",
                  "see whether Ollama runs behind it"},
    StatusMeaning{503, 503, kServerUnavailable, "the service is not available",
                  "see whether Ollama runs behind the proxy"},
    StatusMeaning{504, 504, kServerUnavailable, "a proxy waited no longer for the answer",
                  "raise its time limit (proxy_read_timeout of nginx) above the longest run"},
    StatusMeaning{507, 507, kNoDiskSpace, "there is no room on the disk",
                  "free some where the proxy or the server is"},
    StatusMeaning{525, 526, kRefused, "a proxy and the server do not agree on TLS",
                  "see the certificates behind the proxy"},
    StatusMeaning{501, 599, kServerUnavailable, "a proxy does not reach Ollama",
                  "see whether Ollama runs behind it"},
};

}  // namespace

const StatusMeaning* MeaningOf(int status) {
  const auto* found = std::find_if(kMeanings.begin(), kMeanings.end(), [status](const auto& range) {
    return status >= range.first && status <= range.last;
  });
  return found == kMeanings.end() ? nullptr : found;
}

}  // namespace ollama_bench
