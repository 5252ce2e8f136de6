#include "free_type_face.h"

#include <fmt/format.h>

namespace ollama_bench {

Expected<FreeTypeFace, std::string> FreeTypeFace::Load(const std::optional<FontFile>& file) {
  FreeTypeFace result;
  FT_Library library = nullptr;
  if (const FT_Error error = FT_Init_FreeType(&library); error != 0) {
    return Unexpected<std::string>(fmt::format("FreeType cannot start (error {})", error));
  }
  result.library_.reset(library);
  FT_Face face = nullptr;
  const auto embedded = EmbeddedFontFile();
  const FT_Error error = file ? FT_New_Face(library, file->path.c_str(), file->index, &face)
                              : FT_New_Memory_Face(library, embedded.data(),
                                                   static_cast<FT_Long>(embedded.size()), 0, &face);
  if (error != 0) {
    return Unexpected<std::string>(fmt::format("FreeType cannot read the font (error {})", error));
  }
  result.face_.reset(face);
  return result;
}

}  // namespace ollama_bench
