// Any bytes as the streamed answer to /api/generate: metrics in their ranges or a failure that can
// be shown, the same however the bytes are cut into pieces. The first byte chooses the status and
// how long a line may be, the second the length of the pieces.

#include <algorithm>
#include <array>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/text.h"
#include "require.h"
#include "stream_reader.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kShortLine = 64;
constexpr std::size_t kLongestMessage = 4'000;
constexpr std::array<int, 4> kStatuses = {200, 404, 500, 302};

struct Answer {
  std::string_view bytes;
  int status = 200;
  std::size_t longest_line = StreamReader::kLongestLine;
};

struct Outcome {
  Expected<RunMetrics, Failure> metrics;
  std::string text;
  std::size_t chunks = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Read(const Answer& answer, std::size_t piece) {
  StreamRecord record;
  StreamReader reader("/api/generate", /*keep_text=*/true, record, answer.longest_line);
  std::string_view left = answer.bytes;
  while (!left.empty() && reader.Feed(left.substr(0, piece), {})) {
    left.remove_prefix(std::min(piece, left.size()));
  }
  reader.Finish(answer.status);
  Require((record.end == StreamEnd::kDone) == !record.failure);
  Outcome outcome{record.metrics, record.text, record.chunks.size()};
  if (record.failure) outcome.metrics = Unexpected<Failure>(*record.failure);
  return outcome;
}

void Check(const RunMetrics& metrics) {
  for (const auto& duration : {metrics.total, metrics.load, metrics.prompt_eval, metrics.eval}) {
    Require(!duration || duration->count() >= 0);
  }
  for (const auto& count :
       {metrics.prompt_eval_count, metrics.prompt_eval_cached, metrics.eval_count}) {
    Require(!count || *count >= 0);
  }
}

void Check(const Failure& failure) {
  Require(!failure.message.empty() && failure.message.size() < kLongestMessage);
  Require(Printable(failure.message, false) == failure.message);
  Require(Printable(failure.output_tail) == failure.output_tail);
  Require(failure.output_tail.size() < 20'000);
}

}  // namespace
}  // namespace ollama_bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ollama_bench;
  if (size < 2) return 0;
  Answer answer;
  answer.bytes = std::string_view(reinterpret_cast<const char*>(data) + 2, size - 2);
  answer.status = kStatuses[data[0] & 3U];
  if ((data[0] & 4U) != 0) answer.longest_line = kShortLine;
  const auto whole = Read(answer, answer.bytes.size());
  whole.metrics ? Check(*whole.metrics) : Check(whole.metrics.error());
  Require(Read(answer, 1) == whole);
  Require(Read(answer, std::size_t{data[1]} + 1) == whole);
  return 0;
}
