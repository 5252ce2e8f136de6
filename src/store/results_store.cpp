#include "ollama_bench/store/results_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "field_writer.h"
#include "io_failure.h"
#include "ollama_bench/store/atomic_file.h"
#include "retry.h"
#include "store_change.h"
#include "store_content.h"
#include "store_reader.h"
#include "store_writer.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

}  // namespace

struct ResultsStore::Impl {
  Impl(FileSystem& files, fs::path where) : file_system(files), path(std::move(where)) {}

  Expected<void, StoreError> Read();
  void Make(StoreChange change);
  Expected<void, StoreError> Commit();

  Expected<std::optional<FileStamp>, StoreError> CurrentStamp();
  Expected<void, StoreError> TakeOverEdits();
  Expected<void, StoreError> BackUpOldShape();
  void Render();
  Expected<bool, StoreError> Replace();

  FileSystem& file_system;
  fs::path path;
  StoreContent content;
  Metadata metadata;
  Json base_metadata = Json::object();  // the known keys as they are on disk
  bool metadata_changed = false;
  std::vector<StoreChange> pending;
  std::optional<FileStamp> seen;     // the file that the content is of
  std::optional<FileStamp> offered;  // the file of the last rename, which may have failed or not
  std::string image;                 // the file's text; kept, so that its memory is asked for once
};

// Replaces what is in memory by the file, with the pending changes on top.
Expected<void, StoreError> ResultsStore::Impl::Read() {
  auto file = ReadStoreText(file_system, path);
  if (!file) return Unexpected<StoreError>(file.error());
  auto read = ReadStore(std::move(file->text), path.string());
  if (!read) return Unexpected<StoreError>(read.error());
  const Metadata on_disk = MetadataFrom(read->metadata).value_or(Metadata{});
  const bool is_another =
      seen && !on_disk.store_id.empty() && on_disk.store_id != metadata.store_id;
  if (is_another) {
    return Unexpected<StoreError>(
        {StoreError::Kind::kDamaged,
         fmt::format("{} now holds the results of another sweep (store {}, not {}); move it away "
                     "and the results of this one are written again",
                     path.string(), on_disk.store_id, metadata.store_id)});
  }
  Json merged = ToJson(on_disk);
  if (metadata_changed) {
    ApplyMetadataChanges(merged, base_metadata, ToJson(metadata));
    metadata = MetadataFrom(merged).value_or(metadata);
  } else {
    metadata = on_disk;
  }
  base_metadata = ToJson(on_disk);
  content = std::move(*read);
  seen = file->stamp;
  for (const StoreChange& change : pending) Apply(change, content);
  return {};
}

void ResultsStore::Impl::Make(StoreChange change) {
  if (Apply(change, content)) pending.push_back(std::move(change));
}

Expected<std::optional<FileStamp>, StoreError> ResultsStore::Impl::CurrentStamp() {
  const auto status = RetryInterrupted([&] { return file_system.Stat(path); });
  if (status) return std::optional(status->stamp);
  if (status.error().code == ENOENT) return std::nullopt;
  return IoFailure(status.error());
}

Expected<void, StoreError> ResultsStore::Impl::TakeOverEdits() {
  const auto stamp = CurrentStamp();
  if (!stamp) return Unexpected<StoreError>(stamp.error());
  if (*stamp && *stamp == offered) seen = offered;
  // A file that vanished is written again whole.
  if (!*stamp || *stamp == seen) return {};
  if (!seen) {
    return IoFailure(fmt::format(
        "{} has appeared since this run was started and is not overwritten; move it away",
        path.string()));
  }
  auto read = Read();
  if (!read && read.error().kind == StoreError::Kind::kMissing) return {};
  return read;
}

Expected<void, StoreError> ResultsStore::Impl::BackUpOldShape() {
  if (!content.old_text) return {};
  constexpr int kMostBackups = 100;
  for (int i = 1; i <= kMostBackups; ++i) {
    fs::path backup = path;
    backup += i == 1 ? ".bak-v0" : fmt::format(".bak-v0.{}", i);
    const auto there = RetryInterrupted([&] { return file_system.Read(backup); });
    if (there && there->text != *content.old_text) continue;
    if (!there && there.error().code != ENOENT) return IoFailure(there.error());
    if (!there) {
      const auto copied = ReplaceFile(file_system, backup, *content.old_text);
      if (!copied) return IoFailure(copied.error());
    }
    content.old_text.reset();
    return {};
  }
  return IoFailure(fmt::format("{}.bak-v0 and its like hold {} other backups; move them away",
                               path.string(), kMostBackups));
}

void ResultsStore::Impl::Render() {
  if (metadata_changed) ApplyMetadataChanges(content.metadata, base_metadata, ToJson(metadata));
  content.metadata["schema_version"] = metadata.schema_version;
  RefreshTexts(content);
  RenderStore(content, image);
}

// Writes the file unless somebody edits it meanwhile: false.
Expected<bool, StoreError> ResultsStore::Impl::Replace() {
  auto file = AtomicFile::Open(file_system, path);
  if (!file) return IoFailure(file.error());
  if (const auto written = file->Write(image); !written) {
    return IoFailure(written.error());
  }
  const auto stamp = file->Flush();
  if (!stamp) return IoFailure(stamp.error());
  const auto current = CurrentStamp();
  if (!current) return Unexpected<StoreError>(current.error());
  if (*current && *current != seen) return false;
  offered = *stamp;
  if (const auto committed = file->Commit(); !committed) {
    return IoFailure(committed.error());
  }
  seen = offered;
  return true;
}

Expected<void, StoreError> ResultsStore::Impl::Commit() {
  if (pending.empty() && !metadata_changed) return {};
  // Each turn but the last one means that somebody saved the file while it was being written.
  constexpr int kMostTurns = 10;
  for (int i = 0; i < kMostTurns; ++i) {
    if (auto taken = TakeOverEdits(); !taken) return taken;
    if (auto kept = BackUpOldShape(); !kept) return kept;
    Render();
    if (static_cast<std::int64_t>(image.size()) > kMostBytes) {
      return IoFailure(fmt::format("{} would exceed {} MiB", path.string(), kMostBytes >> 20));
    }
    const auto replaced = Replace();
    if (!replaced) return Unexpected<StoreError>(replaced.error());
    if (*replaced) {
      pending.clear();
      if (metadata_changed) base_metadata = ToJson(metadata);
      metadata_changed = false;
      return {};
    }
  }
  return IoFailure(
      fmt::format("{} is being changed all the time by something else", path.string()));
}

ResultsStore::ResultsStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ResultsStore::ResultsStore(ResultsStore&&) noexcept = default;
ResultsStore& ResultsStore::operator=(ResultsStore&&) noexcept = default;
ResultsStore::~ResultsStore() = default;

Expected<ResultsStore, StoreError> ResultsStore::Load(FileSystem& file_system, fs::path path) {
  auto impl = std::make_unique<Impl>(file_system, std::move(path));
  if (const auto read = impl->Read(); !read) return Unexpected<StoreError>(read.error());
  return ResultsStore(std::move(impl));
}

ResultsStore ResultsStore::Create(FileSystem& file_system, fs::path path, Metadata metadata) {
  ResultsStore store(std::make_unique<Impl>(file_system, std::move(path)));
  store.SetMetadata(std::move(metadata));
  return store;
}

const fs::path& ResultsStore::path() const {
  return impl_->path;
}

const Metadata& ResultsStore::metadata() const {
  return impl_->metadata;
}

void ResultsStore::SetMetadata(Metadata metadata) {
  const bool on_disk = !impl_->base_metadata.empty();
  if (on_disk && metadata == impl_->metadata) return;
  impl_->metadata = std::move(metadata);
  impl_->metadata_changed = true;
}

const std::vector<CellResult>& ResultsStore::results() const {
  return impl_->content.results;
}

const CellResult* ResultsStore::Find(const Cell& cell) const {
  return impl_->content.Find(cell);
}

std::string ResultsStore::SizeWarning() const {
  constexpr std::size_t kManyCells = 10'000;
  constexpr std::size_t kManySamples = 50'000;
  std::size_t samples = 0;
  for (const CellResult& result : results()) samples += result.samples.size();
  if (results().size() <= kManyCells && samples <= kManySamples) return {};
  return fmt::format(
      "{} holds {} cells and {} samples; it is made for {} and {}, beyond that every save is slow: "
      "split the grid over several files",
      path().string(), results().size(), samples, kManyCells, kManySamples);
}

void ResultsStore::AddSample(const Cell& cell, Sample sample, const std::string& timestamp) {
  impl_->Make(SampleAdded{cell, std::move(sample), timestamp});
}

void ResultsStore::SetExclusion(const Cell& cell, const std::string& sample_id,
                                std::optional<Exclusion> excluded) {
  impl_->Make(ExclusionSet{cell, sample_id, excluded});
}

void ResultsStore::SetVisit(const Cell& cell, VisitRecord visit, const std::string& timestamp) {
  impl_->Make(VisitSet{cell, std::move(visit), timestamp});
}

void ResultsStore::MarkUnverified() {
  const std::vector<CellResult> present = results();
  for (const CellResult& result : present) {
    for (const Sample& sample : result.samples) {
      if (!sample.unverified) impl_->Make(UnverifiedSet{result.cell, sample.id});
    }
  }
}

void ResultsStore::SetAlias(const Cell& cell, const Cell& alias_of, std::string reason) {
  impl_->Make(AliasSet{cell, alias_of, std::move(reason)});
}

void ResultsStore::Remove(const Cell& cell) {
  impl_->Make(EntryRemoved{cell});
}

Expected<void, StoreError> ResultsStore::Commit() {
  return impl_->Commit();
}

}  // namespace ollama_bench
