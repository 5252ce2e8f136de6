#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// One instruction of a Modelfile, as Ollama reads it, with its place in the text.
struct ModelfileCommand {
  enum class Kind { kFrom, kAdapter, kDraft, kParameter, kText };
  Kind kind = Kind::kText;
  std::string name;       ///< "from", "system"; of a PARAMETER that of the parameter, case kept
  std::string value;      ///< unquoted
  std::size_t begin = 0;  ///< of its first line, in bytes
  std::size_t end = 0;    ///< behind its last line end
  int line = 0;           ///< from 1
};

/// A Modelfile, read by Ollama's own rules (parser/parser.go, v0.6.8 to v0.32). Every byte is kept,
/// but for the instructions that are asked to change. Texts in quotes may span lines and may look
/// like instructions; they are never touched.
class Modelfile {
 public:
  /// Takes LF, CR LF and CR line ends, UTF-8 with or without a byte order mark, UTF-16 with one (it
  /// becomes UTF-8). Refuses what Ollama refuses: an unknown instruction or parameter, an open
  /// quote, a value of the wrong type, no FROM; the error names line and reason. Not checked are
  /// files (see ResolveModelfile) and TEMPLATE, whose language is the server's.
  static Expected<Modelfile, std::string> Parse(std::string_view bytes);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<ModelfileCommand>& commands() const { return commands_; }

  /// Its parameters in their order; of a repeated one the last counts, but for "stop".
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> Parameters() const;

  /// The text with its lines of these parameters dropped and the new values at its end.
  [[nodiscard]] std::string WithParameters(
      const std::vector<std::pair<std::string, std::string>>& parameters) const;
  /// The Modelfile with `from`, a name or a quoted path, in place of all that its FROM lines name.
  [[nodiscard]] Modelfile WithFrom(const std::string& from) const;
  /// The Modelfile with other lines in place of those of the commands that `replace` returns a text
  /// for. The result must be a Modelfile.
  [[nodiscard]] Modelfile WithCommands(
      const std::function<std::optional<std::string>(const ModelfileCommand&)>& replace) const;

 private:
  std::string text_;
  std::vector<ModelfileCommand> commands_;
};

/// A Modelfile that cells are rewritten from, with what it takes from elsewhere. It may lie
/// anywhere itself: the paths of ADAPTER and DRAFT in it are absolute.
struct ModelfileTemplate {
  Modelfile modelfile;
  std::string base;  ///< the model of its FROM; empty where it names files
  std::vector<std::filesystem::path> weights;  ///< the files or folders of its FROM lines, absolute
  std::vector<std::filesystem::path> others;   ///< those of ADAPTER and DRAFT, absolute
};

/// Finds what `modelfile`, which lies in `folder`, names, as the `ollama` client does: ~ is the
/// home folder, other relative paths start at the Modelfile's own folder, and a FROM that is no
/// file there is a model's name. Of several FROM lines all files count, unless one names a model.
/// The error names the line of what is neither.
Expected<ModelfileTemplate, std::string> ResolveModelfile(const Modelfile& modelfile,
                                                          const std::filesystem::path& folder);

/// "FROM \"/path/to/weights\"" lines, one for each file.
std::string FromLines(const std::vector<std::filesystem::path>& files);

}  // namespace ollama_bench
