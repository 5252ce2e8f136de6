#include "support/simulator/truth.h"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <system_error>

namespace ollama_bench::simulator {
namespace {

const char* NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return "done";
    case Outcome::kError:
      return "error";
    case Outcome::kNoDone:
      return "no_done";
    case Outcome::kCut:
      return "cut";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kCancelled:
      return "cancelled";
  }
  return "";
}

char LetterOf(Piece::Kind kind) {
  switch (kind) {
    case Piece::Kind::kEmpty:
      return 'e';
    case Piece::Kind::kText:
      return 't';
    case Piece::Kind::kThinking:
      return 'h';
    case Piece::Kind::kLast:
      return 'l';
    default:
      return 'x';
  }
}

std::int64_t Count(Time time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

}  // namespace

TruthFile::TruthFile(const std::string& path) {
  if (path.empty()) return;
  file_.reset(std::fopen(path.c_str(), "ae"));
  if (!file_) throw std::system_error(errno, std::generic_category(), path);
}

void TruthFile::Add(const Progress& progress, const std::string& id, Time came,
                    const std::vector<Flush>& flushes) {
  if (!file_) return;
  std::string line = fmt::format(
      R"({{"number":{},"id":{},"outcome":"{}","prompt_tokens":{},"tokens":{},"came_ns":{},)"
      R"("arrival_ns":{},"slot_ns":{},"first_token_ns":{},"end_ns":{},"queued_ns":{},"load_ns":{},"flushes_ns":[)",
      progress.number, Json(id).dump(-1, ' ', false, Json::error_handler_t::replace),
      NameOf(progress.outcome), progress.request.prompt_tokens, progress.tokens, Count(came),
      Count(progress.arrival), Count(progress.slot), Count(progress.first_token),
      Count(progress.end), progress.Queued().count(), progress.load.count());
  std::string kinds;
  for (const Flush& flush : flushes) {
    if (!kinds.empty()) line += ',';
    fmt::format_to(std::back_inserter(line), "{}", Count(flush.time));
    kinds += LetterOf(flush.kind);
  }
  line += fmt::format("],\"kinds\":\"{}\"}}\n", kinds);
  std::fwrite(line.data(), 1, line.size(), file_.get());
  std::fflush(file_.get());
}

}  // namespace ollama_bench::simulator
