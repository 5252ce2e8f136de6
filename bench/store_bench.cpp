#include <benchmark/benchmark.h>
#include <malloc.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "ollama_bench/store/results_store.h"
#include "support/memory_file_system.h"
#include "support/random_store.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

constexpr const char* kPath = "results.json";
constexpr const char* kNow = "2026-11-21T07:00:05+00:00";

// Takes everything and keeps nothing, so that only the store's own work is measured.
class DiscardingFileSystem : public MemoryFileSystem {
 public:
  Expected<FileStatus, IoError> Stat(const std::filesystem::path& path) override {
    if (stamp_.inode == 0) return MemoryFileSystem::Stat(path);
    return FileStatus{stamp_, 0644, true};
  }
  Expected<std::unique_ptr<OutputFile>, IoError> CreateNew(
      const std::filesystem::path& /*path*/, std::optional<unsigned> /*permissions*/) override {
    return std::make_unique<Output>(*this);
  }
  Expected<void, IoError> Rename(const std::filesystem::path& /*from*/,
                                 const std::filesystem::path& /*to*/) override {
    stamp_ = next_;
    return {};
  }

  [[nodiscard]] std::int64_t bytes() const { return stamp_.size; }

 private:
  class Output : public OutputFile {
   public:
    explicit Output(DiscardingFileSystem& owner) : owner_(owner) {
      ++owner_.next_.inode;
      owner_.next_.size = 0;
    }
    Expected<std::size_t, IoError> Write(std::string_view bytes) override {
      owner_.next_.size += static_cast<std::int64_t>(bytes.size());
      return bytes.size();
    }
    Expected<FileStamp, IoError> Sync() override { return owner_.next_; }

   private:
    DiscardingFileSystem& owner_;
  };

  FileStamp stamp_;
  FileStamp next_;
};

// A sample of a cell, written out: what happens after every run of a sweep. It takes the place of
// the cell's first one, so that the store keeps its size.
void CommitSamples(benchmark::State& state, FileSystem& files, const std::filesystem::path& path) {
  const int cells = static_cast<int>(state.range(0));
  ResultsStore store = ResultsStore::Create(files, path, {});
  FillStore(store, cells, static_cast<int>(state.range(1)), 1);
  if (!store.Commit()) return state.SkipWithError("cannot write the store");
  RandomValues random(2);
  int next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const CellResult& result = store.results()[static_cast<std::size_t>(next++ % cells)];
    const Cell cell = result.cell;
    Sample sample = random.MakeSample(result.samples.front().id);
    state.ResumeTiming();
    store.AddSample(cell, std::move(sample), kNow);
    if (!store.Commit()) return state.SkipWithError("cannot commit");
  }
}

void CommitOwnWork(benchmark::State& state) {
  DiscardingFileSystem files;
  CommitSamples(state, files, kPath);
  state.counters["file_bytes"] = static_cast<double>(files.bytes());
}

void CommitToDisk(benchmark::State& state) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  CommitSamples(state, files, folder / kPath);
}

void Load(benchmark::State& state) {
  MemoryFileSystem files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  FillStore(store, static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), 1);
  if (!store.Commit()) return state.SkipWithError("cannot write the store");
  for (auto _ : state) {
    const auto loaded = ResultsStore::Load(files, kPath);
    if (!loaded) return state.SkipWithError("cannot read the store");
    benchmark::DoNotOptimize(loaded->results().data());
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(files.TextOf(kPath).size()));
}

std::int64_t KiBOf(std::string_view key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stoll(line.substr(key.size() + 1));
  }
  return 0;
}

// From the disk, with the most memory that the last of the loads took above what was there before.
void LoadFromDisk(benchmark::State& state) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  {
    ResultsStore store = ResultsStore::Create(files, folder / kPath, {});
    FillStore(store, static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), 1);
    if (!store.Commit()) return state.SkipWithError("cannot write the store");
  }
  std::int64_t before = 0;
  for (auto _ : state) {
    state.PauseTiming();
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
    before = KiBOf("VmRSS:");
    state.ResumeTiming();
    const auto loaded = ResultsStore::Load(files, folder / kPath);
    if (!loaded) return state.SkipWithError("cannot read the store");
    benchmark::DoNotOptimize(loaded->results().data());
  }
  state.counters["peak_KiB"] = static_cast<double>(KiBOf("VmHWM:") - before);
  state.counters["file_KiB"] =
      static_cast<double>(std::filesystem::file_size(folder / kPath) / 1024);
}

// {cells, samples per cell}: the old script's grid, the same with repetitions, the most there may
// be.
BENCHMARK(CommitOwnWork)->Args({799, 1})->Args({799, 3})->Args({10'000, 5});
BENCHMARK(CommitToDisk)->Args({799, 1})->Args({799, 3})->Args({10'000, 5})->UseRealTime();
BENCHMARK(Load)->Args({799, 1})->Args({799, 3})->Args({10'000, 5})->Unit(benchmark::kMillisecond);
BENCHMARK(LoadFromDisk)->Args({799, 3})->Args({10'000, 5})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ollama_bench
