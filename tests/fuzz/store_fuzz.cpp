// Any bytes as a results file: refused with line and reason, or read so that what is written back
// means the same.

#include "ollama_bench/core/text.h"
#include "ollama_bench/store/results_store.h"
#include "require.h"
#include "support/memory_file_system.h"

namespace ollama_bench {
namespace {

constexpr const char* kPath = "results.json";

void CheckRefusal(const StoreError& error) {
  Require(error.kind == StoreError::Kind::kDamaged || error.kind == StoreError::Kind::kNewerSchema);
  Require(error.message.starts_with(kPath) && error.message.size() < 4'000);
  Require(Printable(error.message) == error.message);
}

// One more sample makes the store write the file; every entry that was there must come back.
void CheckRoundTrip(MemoryFileSystem& files, ResultsStore& store) {
  const Cell cell = Cell(999'999'937, 999'999'937).With(Parameter::kNumThread, 7);
  if (store.Find(cell) != nullptr) return;
  const std::vector<CellResult> before = store.results();
  Sample sample;
  sample.id = "fuzz";
  store.AddSample(cell, sample, "2026-11-21T07:00:05+00:00");
  Require(store.Commit().has_value());
  const auto again = ResultsStore::Load(files, kPath);
  Require(again.has_value());
  Require(again->results() == store.results());
  Require(again->metadata() == store.metadata());
  Require(again->results().size() == before.size() + 1);
  for (const CellResult& result : before) {
    const CellResult* found = again->Find(result.cell);
    Require(found != nullptr && *found == result);
  }
}

}  // namespace
}  // namespace ollama_bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ollama_bench;
  MemoryFileSystem files;
  files.Save(kPath, std::string(reinterpret_cast<const char*>(data), size));
  auto store = ResultsStore::Load(files, kPath);
  if (store) {
    CheckRoundTrip(files, *store);
  } else {
    CheckRefusal(store.error());
  }
  return 0;
}
