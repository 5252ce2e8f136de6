#pragma once

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/store/results_store.h"
#include "ollama_bench/sweep/observer.h"

namespace ollama_bench {

/// Commits a store, and where the disk refuses, says so and tries again until it works or the user
/// stops: nothing is measured while results cannot be kept. A file that cannot be read may be one
/// that an editor is just writing, and gets a second.
class StoreSaver {
 public:
  StoreSaver(ResultsStore& store, Clock& clock, Observer& observer, const StopRequest& stop)
      : store_(store), clock_(clock), observer_(observer), stop_(stop) {}

  /// On an error the changes are still pending in the store and not on disk.
  Expected<void, StoreError> Save();

 private:
  ResultsStore& store_;
  Clock& clock_;
  Observer& observer_;
  const StopRequest& stop_;
};

}  // namespace ollama_bench
