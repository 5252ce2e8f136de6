#pragma once

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/file_lock.h"
#include "ollama_bench/store/results_store.h"
#include "ollama_bench/store/ulid.h"

namespace ollama_bench {

/// A results file that this process alone may write.
struct OpenedStore {
  FileLock lock;
  ResultsStore store;
  bool is_new = false;  ///< there was no file yet
};

/// Locks and reads the store at `path`, or begins a new one. The file is not written yet.
Expected<OpenedStore, SessionError> OpenStore(FileSystem& file_system,
                                              const std::filesystem::path& path, Clock& clock,
                                              UlidSource& ids);

/// A file that is not there was misnamed; a refused one and a refusing disk have codes of their
/// own.
SessionError ToSessionError(const StoreError& error);

}  // namespace ollama_bench
