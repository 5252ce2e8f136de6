#include "ollama_bench/sweep/store_saver.h"

#include <fmt/format.h>

namespace ollama_bench {

namespace {
constexpr std::chrono::seconds kPause{5};
// An editor that writes in place is done long before.
constexpr std::chrono::milliseconds kEditorPause{200};
constexpr int kMostEditorPauses = 5;
}  // namespace

Expected<void, StoreError> StoreSaver::Save() {
  bool announced = false;
  int editor_pauses = 0;
  while (true) {
    auto saved = store_.Commit();
    if (saved || stop_.Requested()) return saved;
    // A file that stays damaged will not repair itself; a full disk can.
    if (saved.error().kind != StoreError::Kind::kIo) {
      if (++editor_pauses > kMostEditorPauses) return saved;
      clock_.Sleep(kEditorPause, stop_);
      continue;
    }
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
