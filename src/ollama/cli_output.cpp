#include "cli_output.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>

#include "http_status.h"
#include "ollama_bench/core/go_duration.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr char kEscape = '\x1b';
constexpr char kBell = '\x07';

unsigned char ByteAt(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// ECMA-48 5.4: parameter bytes 30-3F, intermediate bytes 20-2F, one final byte 40-7E. A sequence
// that is cut off or broken ends where it stops following that form, so no text is swallowed.
std::size_t CsiLength(std::string_view text) {
  std::size_t i = 2;
  while (i < text.size() && ByteAt(text, i) >= 0x20 && ByteAt(text, i) <= 0x3F) ++i;
  if (i < text.size() && ByteAt(text, i) >= 0x40 && ByteAt(text, i) <= 0x7E) ++i;
  return i;
}

// An operating system command runs to BEL or ESC \; an unfinished one ends with its line.
std::size_t OscLength(std::string_view text) {
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (text[i] == kBell) return i + 1;
    if (text[i] == kEscape) return i + 1 < text.size() && text[i + 1] == '\\' ? i + 2 : i;
    if (text[i] == '\n') return i;
  }
  return text.size();
}

std::size_t EscapeLength(std::string_view text) {
  if (text.size() < 2) return 1;
  if (text[1] == '[') return CsiLength(text);
  if (text[1] == ']') return OscLength(text);
  return text[1] >= 0x20 && text[1] <= 0x7E ? 2 : 1;
}

// U+2800 to U+28FF: E2 A0..A3 80..BF.
bool StartsWithBraille(std::string_view text) {
  return text.size() >= 3 && ByteAt(text, 0) == 0xE2 && ByteAt(text, 1) >= 0xA0 &&
         ByteAt(text, 1) <= 0xA3 && (ByteAt(text, 2) & 0xC0U) == 0x80U;
}

}  // namespace

std::string StripControlSequences(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const unsigned char first = ByteAt(text, 0);
    std::size_t skipped = 0;
    if (text.front() == kEscape) {
      skipped = EscapeLength(text);
    } else if (StartsWithBraille(text)) {
      skipped = 3;
    } else if ((first < 0x20 && first != '\n') || first == 0x7F) {
      skipped = 1;
    }
    if (skipped == 0) {
      out += text.front();
      skipped = 1;
    }
    text.remove_prefix(skipped);
  }
  return out;
}

namespace {

constexpr std::string_view kBlanks = " \t";

// "261 token(s)"
std::optional<std::int64_t> ParseCount(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = Trim({end, text.data() + text.size()}, kBlanks);
  if (error != std::errc() || count < 0 || unit != "token(s)") return std::nullopt;
  return count;
}

// "317.34 tokens/s"
std::optional<double> ParseRate(std::string_view text) {
  double rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  const std::string_view unit = Trim({end, text.data() + text.size()}, kBlanks);
  if (error != std::errc() || !std::isfinite(rate) || rate < 0 || unit != "tokens/s") {
    return std::nullopt;
  }
  return rate;
}

template <auto Field, auto Parse>
void Store(RunMetrics& metrics, std::string_view text) {
  if (const auto value = Parse(text)) metrics.*Field = value;
}

struct Line {
  std::string_view label;
  void (*store)(RunMetrics& metrics, std::string_view text);
};

// "prompt eval rate:" ends in "eval rate:", so the longer labels come first.
constexpr std::array kLines = {
    Line{"prompt eval count:", Store<&RunMetrics::prompt_eval_count, ParseCount>},
    Line{"prompt eval cached:", Store<&RunMetrics::prompt_eval_cached, ParseCount>},
    Line{"prompt eval duration:", Store<&RunMetrics::prompt_eval, ParseGoDuration>},
    Line{"prompt eval rate:", Store<&RunMetrics::printed_prompt_eval_rate, ParseRate>},
    Line{"total duration:", Store<&RunMetrics::total, ParseGoDuration>},
    Line{"load duration:", Store<&RunMetrics::load, ParseGoDuration>},
    Line{"eval count:", Store<&RunMetrics::eval_count, ParseCount>},
    Line{"eval duration:", Store<&RunMetrics::eval, ParseGoDuration>},
    Line{"eval rate:", Store<&RunMetrics::printed_eval_rate, ParseRate>},
};

// A label may be anywhere in its line: leftovers of the spinner can come before it.
void ReadLine(std::string_view line, RunMetrics& metrics) {
  for (const auto& [label, store] : kLines) {
    const auto at = line.find(label);
    if (at == std::string_view::npos) continue;
    store(metrics, Trim(line.substr(at + label.size()), kBlanks));
    return;
  }
}

}  // namespace

RunMetrics ParseVerboseOutput(std::string_view standard_error) {
  const std::string text = StripControlSequences(standard_error);
  RunMetrics metrics;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    ReadLine(rest.substr(0, end), metrics);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return metrics;
}

namespace {

using enum FailureKind;

struct Phrase {
  std::string_view text;  // lower case
  FailureKind kind;
};

// The first match wins, so a phrase comes before the shorter one that it contains: a failed
// "resource allocation" is cuBLAS's, and passes; a plain "allocation failed" is memory.
constexpr std::array kPhrases = {
    Phrase{"the resource allocation failed", kGpuResourceAllocation},
    Phrase{"cublas_status_alloc_failed", kGpuResourceAllocation},
    Phrase{"out of memory", kOutOfMemory},
    Phrase{"out-of-memory", kOutOfMemory},
    Phrase{"outofmemory", kOutOfMemory},
    Phrase{"out of device memory", kOutOfMemory},
    Phrase{"out of host memory", kOutOfMemory},
    Phrase{"outofdevicememory", kOutOfMemory},
    Phrase{"outofhostmemory", kOutOfMemory},
    Phrase{"out_of_memory", kOutOfMemory},
    Phrase{"out_of_device_memory", kOutOfMemory},
    Phrase{"out_of_host_memory", kOutOfMemory},
    Phrase{"error_out_of_resources", kOutOfMemory},
    Phrase{"oom-kill", kOutOfMemory},
    Phrase{"oomkilled", kOutOfMemory},
    Phrase{"oom killer", kOutOfMemory},
    Phrase{"malloc failed", kOutOfMemory},  // cudaMalloc, hipMalloc, aclrtMalloc
    Phrase{"malloc_device failed", kOutOfMemory},
    Phrase{"malloc_host failed", kOutOfMemory},
    Phrase{"cudaerrormemoryallocation", kOutOfMemory},
    Phrase{"rocblas_status_memory_error", kOutOfMemory},
    Phrase{"failed to allocate", kOutOfMemory},
    Phrase{"unable to allocate", kOutOfMemory},
    Phrase{"cannot allocate memory", kOutOfMemory},
    Phrase{"can't allocate", kOutOfMemory},
    Phrase{"could not allocate", kOutOfMemory},
    Phrase{"attempted to allocate", kOutOfMemory},
    Phrase{"attempting to allocate", kOutOfMemory},
    Phrase{"vm_allocate failed", kOutOfMemory},
    Phrase{"bad_alloc", kOutOfMemory},
    Phrase{"allocation failed", kOutOfMemory},
    Phrase{"allocation failure", kOutOfMemory},
    Phrase{"cl_mem_object_allocation_failure", kOutOfMemory},
    Phrase{"cl_out_of_resources", kOutOfMemory},
    Phrase{"memory allocation of", kOutOfMemory},
    Phrase{"not enough space in the buffer", kOutOfMemory},
    Phrase{"not enough memory", kOutOfMemory},
    Phrase{"insufficient memory", kOutOfMemory},
    Phrase{"insufficient vram", kOutOfMemory},
    Phrase{"requires more system memory", kOutOfMemory},
    Phrase{"memory layout cannot be allocated", kOutOfMemory},
    Phrase{"unable to load full model on gpu", kOutOfMemory},
    Phrase{"paging file is too small", kOutOfMemory},
    Phrase{"0xc0000017", kOutOfMemory},  // Windows: no memory
    Phrase{"0xc000012d", kOutOfMemory},  // Windows: commitment limit
    Phrase{"input length exceeds the context length", kPromptTooLong},
    Phrase{"prompt is longer than the context length", kPromptTooLong},
    Phrase{"unknown model architecture", kCannotLoad},
    Phrase{"error loading model", kCannotLoad},
    Phrase{"unable to load model", kCannotLoad},
    Phrase{"unknown parameter", kBadModelfile},
    Phrase{"invalid int value", kBadModelfile},
    Phrase{"no from line", kBadModelfile},
    Phrase{"command must be one of", kBadModelfile},
    Phrase{"invalid model name", kBadModelfile},
    Phrase{"not in gguf format", kBadModelfile},
    Phrase{"no space left on device", kNoDiskSpace},
    Phrase{"disk quota exceeded", kNoDiskSpace},
    Phrase{"not enough space on the disk", kNoDiskSpace},
    Phrase{"pull model manifest", kModelMissing},
    // The server's words about its runner, before those of a client about its server.
    Phrase{"model runner has unexpectedly stopped", kRunnerCrash},
    Phrase{"runner process has terminated", kRunnerCrash},
    Phrase{"llama-server process has terminated", kRunnerCrash},
    Phrase{"process no longer running", kRunnerCrash},
    Phrase{"error was encountered while running the model", kRunnerCrash},
    Phrase{"error reading llm response", kRunnerCrash},
    Phrase{"model failed to load, this may be due to resource limitations", kRunnerCrash},
    Phrase{"could not connect to ollama", kServerUnavailable},
    Phrase{"ollama server not responding", kServerUnavailable},
    Phrase{"server not responding", kRunnerCrash},
    Phrase{"maximum pending requests exceeded", kServerBusy},
    Phrase{"request canceled", kServerUnavailable},
    Phrase{"timed out waiting for", kTimeout},
};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// In Go's words.
bool IsLostConnection(std::string_view lower) {
  constexpr std::array kLosses = {"connection refused", "connection reset", "broken pipe", ": eof",
                                  "server closed idle connection"};
  return std::any_of(kLosses.begin(), kLosses.end(),
                     [lower](const char* loss) { return Contains(lower, loss); });
}

// `Post "http://127.0.0.1:39035/completion": EOF`: the server tells of its runner, whose paths are
// not those of Ollama's own interface.
bool IsToRunner(std::string_view lower) {
  const auto scheme = lower.find("\"http");
  if (scheme == std::string_view::npos) return false;
  const std::string_view url = lower.substr(scheme + 1, lower.find('"', scheme + 1) - scheme - 1);
  const auto host = url.find("://");
  const auto slash = host == std::string_view::npos ? host : url.find('/', host + 3);
  if (slash == std::string_view::npos) return false;
  const std::string_view path = url.substr(slash);
  return path != "/" && !Contains(path, "/api/") && !Contains(path, "/v1/");
}

// "502 Bad Gateway: <html>…", as newer clients begin.
std::optional<FailureKind> KindOfStatusIn(std::string_view text) {
  int status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool is_alone = end != text.data() + text.size() && *end == ' ';
  if (error != std::errc() || end - text.data() != 3 || !is_alone) return std::nullopt;
  const StatusMeaning* meaning = MeaningOf(status);
  return meaning == nullptr ? std::nullopt : std::optional(meaning->kind);
}

// The last line that holds "Error: ", from there on.
std::string_view ErrorLine(std::string_view text) {
  const auto at = text.rfind("Error: ");
  if (at == std::string_view::npos) return {};
  const std::string_view line = text.substr(at + std::string_view("Error: ").size());
  return line.substr(0, line.find('\n'));
}

constexpr std::size_t kTailLimit = 2000;

}  // namespace

FailureKind ClassifyFailure(std::string_view text) {
  const std::string lower = Lower(text);
  for (const auto& [phrase, kind] : kPhrases) {
    if (Contains(lower, phrase)) return kind;
  }
  if (Contains(lower, "model '") && Contains(lower, "not found")) return kModelMissing;
  if (IsLostConnection(lower)) return IsToRunner(lower) ? kRunnerCrash : kServerUnavailable;
  return KindOfStatusIn(text).value_or(kUnknown);
}

Failure FailureFromOutput(std::string_view output, std::string_view fallback) {
  const std::string text = StripControlSequences(output);
  const std::string_view line = ErrorLine(text);
  Failure failure;
  // What else is in the output names the cause: the runner's own last words.
  failure.kind = ClassifyFailure(line);
  if (failure.kind == kUnknown || failure.kind == kRunnerCrash) {
    const FailureKind wider = ClassifyFailure(text);
    if (wider != kUnknown) failure.kind = wider;
  }
  failure.message = StartOf(Printable(line.empty() ? fallback : line, false), kTailLimit);
  const std::string_view tail = text;
  failure.output_tail = Printable(tail.substr(tail.size() - std::min(tail.size(), kTailLimit)));
  return failure;
}

}  // namespace ollama_bench
