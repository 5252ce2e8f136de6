#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// One instruction at the top level of a Modelfile, by byte positions in its text.
struct ModelfileInstruction {
  std::string name;       ///< upper case: "FROM", "PARAMETER"
  std::string argument;   ///< unquoted; for PARAMETER the parameter's name, case kept
  std::size_t begin = 0;  ///< of the line
  std::size_t end = 0;    ///< behind its line end
  int line = 0;           ///< from 1
};

/// A Modelfile whose every byte is kept, but for the lines that are asked to change. Texts in
/// quotes may span lines and may look like instructions; they are never touched.
class Modelfile {
 public:
  /// Takes LF, CR LF and CR line ends, UTF-8 with or without a byte order mark, UTF-16 with one (it
  /// becomes UTF-8). The error names the line.
  static Expected<Modelfile, std::string> Parse(std::string_view bytes);

  /// The argument of the FROM line; Parse guarantees that there is one.
  [[nodiscard]] const std::string& from() const;
  [[nodiscard]] const std::string& text() const { return text_; }

  /// Its top-level PARAMETER lines, as they are.
  [[nodiscard]] std::string ParameterLines() const;

  /// The text with its top-level lines of these parameters dropped and the new values at its end.
  [[nodiscard]] std::string WithParameters(
      const std::vector<std::pair<std::string, std::string>>& parameters) const;
  /// The Modelfile with the argument of its FROM line replaced.
  [[nodiscard]] Modelfile WithFrom(const std::string& argument) const;
  /// The Modelfile with relative paths of ADAPTER lines made absolute against `folder`.
  [[nodiscard]] Modelfile WithAbsoluteAdapters(const std::filesystem::path& folder) const;

 private:
  [[nodiscard]] Modelfile WithArgument(const ModelfileInstruction& instruction,
                                       const std::string& argument) const;

  std::string text_;
  std::vector<ModelfileInstruction> instructions_;
};

/// The file that a FROM or ADAPTER argument names, absolute, as Ollama resolves it: ~ is the home
/// folder, other relative paths start at the Modelfile's own folder. Empty when there is no such
/// file, which makes the argument a model name.
std::filesystem::path ResolveModelfilePath(const std::string& argument,
                                           const std::filesystem::path& folder);

}  // namespace ollama_bench
