#include "ollama_bench/session/opened_store.h"

#include "ollama_bench/core/text.h"
#include "ollama_bench/core/version.h"

namespace ollama_bench {

SessionError ToSessionError(const StoreError& error) {
  if (error.kind == StoreError::Kind::kMissing) return {ExitCode::kUsage, error.message};
  const bool is_disk = error.kind == StoreError::Kind::kIo;
  return {is_disk ? ExitCode::kEnvironment : ExitCode::kStore, error.message};
}

Expected<OpenedStore, SessionError> OpenStore(FileSystem& file_system,
                                              const std::filesystem::path& path, Clock& clock,
                                              UlidSource& ids) {
  auto lock = LockStore(path, clock);
  if (!lock) {
    SessionError error = ToSessionError(lock.error());
    if (lock.error().kind == StoreError::Kind::kIo) {
      error.message += "; name a file in a folder that can be written with --results FILE";
    }
    return Unexpected<SessionError>(std::move(error));
  }
  auto store = ResultsStore::Load(file_system, path);
  if (!store && store.error().kind != StoreError::Kind::kMissing) {
    return Unexpected<SessionError>(ToSessionError(store.error()));
  }
  const bool is_new = !store;
  Metadata metadata = is_new ? Metadata() : store->metadata();
  metadata.tool_version = kVersion;
  // Also part of a model's name, where capitals would only be confusing.
  if (metadata.store_id.empty()) metadata.store_id = Lower(ids.Next());
  if (metadata.start_time.empty()) metadata.start_time = FormatTimestamp(clock.WallTime());
  if (is_new) {
    return OpenedStore{std::move(*lock), ResultsStore::Create(file_system, path, metadata), true};
  }
  store->SetMetadata(metadata);
  return OpenedStore{std::move(*lock), std::move(*store), false};
}

}  // namespace ollama_bench
