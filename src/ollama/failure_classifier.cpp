#include "failure_classifier.h"

#include <algorithm>
#include <array>

#include "ollama_bench/core/text.h"
#include "terminal_text.h"

namespace ollama_bench {
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
    Phrase{"out of memory", kOutOfMemory},
    Phrase{"out-of-memory", kOutOfMemory},
    Phrase{"out_of_device_memory", kOutOfMemory},
    Phrase{"cudamalloc failed", kOutOfMemory},
    Phrase{"hipmalloc failed", kOutOfMemory},
    Phrase{"failed to allocate", kOutOfMemory},
    Phrase{"allocation failed", kOutOfMemory},
    Phrase{"not enough memory", kOutOfMemory},
    Phrase{"insufficient memory", kOutOfMemory},
    Phrase{"requires more system memory", kOutOfMemory},
    Phrase{"memory layout cannot be allocated", kOutOfMemory},
    Phrase{"unable to load full model on gpu", kOutOfMemory},
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
    Phrase{"could not connect to ollama", kServerUnavailable},
    Phrase{"server not responding", kServerUnavailable},
    Phrase{"connection refused", kServerUnavailable},
    Phrase{"connection reset", kServerUnavailable},
    Phrase{"maximum pending requests exceeded", kServerUnavailable},
    Phrase{"request canceled", kServerUnavailable},
    Phrase{"model runner has unexpectedly stopped", kRunnerCrash},
    Phrase{"runner process has terminated", kRunnerCrash},
    Phrase{"llama-server process has terminated", kRunnerCrash},
    Phrase{"error was encountered while running the model", kRunnerCrash},
    Phrase{"timed out waiting for", kTimeout},
};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
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
  // "model 'name' not found", and a server that died in mid-request: `Post "http://…": EOF`.
  if (Contains(lower, "model '") && Contains(lower, "not found")) return kModelMissing;
  if (Contains(lower, "post \"") && Contains(lower, ": eof")) return kServerUnavailable;
  return kUnknown;
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
