#pragma once

#include <ft2build.h>
#include FT_FREETYPE_H

#include <memory>
#include <span>
#include <string>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// A font face that reads from memory, with the library it belongs to. The memory must outlive it.
class FreeTypeFace {
 public:
  static Expected<FreeTypeFace, std::string> Load(std::span<const unsigned char> file);

  [[nodiscard]] FT_Face get() const { return face_.get(); }

 private:
  struct LibraryDeleter {
    void operator()(FT_Library library) const { FT_Done_FreeType(library); }
  };
  struct FaceDeleter {
    void operator()(FT_Face face) const { FT_Done_Face(face); }
  };

  // The face must go first, so it stands last.
  std::unique_ptr<FT_LibraryRec_, LibraryDeleter> library_;
  std::unique_ptr<FT_FaceRec_, FaceDeleter> face_;
};

}  // namespace ollama_bench
