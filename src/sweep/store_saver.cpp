#include "ollama_bench/sweep/store_saver.h"

#include <fmt/format.h>

namespace ollama_bench {

namespace {
constexpr std::chrono::seconds kPause{5};
}

Expected<void, StoreError> StoreSaver::Save() {
  bool announced = false;
  while (true) {
    auto saved = store_.Commit();
    // A file that someone damaged meanwhile will not mend itself; a full disk can.
    if (saved || saved.error().kind != StoreError::Kind::kIo || stop_.Requested()) return saved;
    if (!announced) {
      observer_.OnNotice(NoticeLevel::kWarning,
                         fmt::format("{}; measuring pauses, and saving is tried again every {} s",
                                     saved.error().message, kPause.count()));
      announced = true;
    }
    clock_.Sleep(kPause, stop_);
  }
}

}  // namespace ollama_bench
