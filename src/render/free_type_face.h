#pragma once

#include <ft2build.h>
#include FT_FREETYPE_H

#include <memory>
#include <optional>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/font.h"

namespace ollama_bench {

/// A font face with the library that it belongs to.
class FreeTypeFace {
 public:
  /// The embedded font where there is no `file`.
  static Expected<FreeTypeFace, std::string> Load(const std::optional<FontFile>& file);

  [[nodiscard]] FT_Face get() const { return face_.get(); }

 private:
  struct LibraryDeleter {
    void operator()(FT_Library library) const { FT_Done_FreeType(library); }
  };
  struct FaceDeleter {
    void operator()(FT_Face face) const { FT_Done_Face(face); }
  };

  // The face must be released first, so it is declared last.
  std::unique_ptr<FT_LibraryRec_, LibraryDeleter> library_;
  std::unique_ptr<FT_FaceRec_, FaceDeleter> face_;
};

}  // namespace ollama_bench
