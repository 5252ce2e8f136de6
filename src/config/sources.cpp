#include "sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"
#include "values.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Unexpected<FileProblem> Problem(std::string message, std::string remedy) {
  return Unexpected<FileProblem>(FileProblem{std::move(message), std::move(remedy)});
}

std::string LastSystemError() {
  return std::generic_category().message(errno);
}

Unexpected<FileProblem> Unreadable(const std::string& reason) {
  return Problem(fmt::format("cannot be read ({})", reason),
                 "check the permissions of the file and of its folders");
}

std::string MissingRemedy(const fs::path& path) {
  if (path.string().find('~') != std::string::npos) {
    return "write the whole path, \"~\" is not replaced by the home folder";
  }
  return fmt::format("create it or correct the path, looked for at {}",
                     Printable(fs::absolute(path).lexically_normal().string(), false));
}

Expected<std::ifstream, FileProblem> Open(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return Problem("does not exist", MissingRemedy(path));
  }
  if (status.type() == fs::file_type::none) return Unreadable(error.message());
  if (fs::is_directory(status)) return Problem("is a folder", "name a file in it");
  if (!fs::is_regular_file(status)) {
    return Problem("is not a regular file", "copy its content to a file and name that");
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Unreadable(LastSystemError());
  return stream;
}

int LineOf(std::string_view text, std::size_t position) {
  return 1 + static_cast<int>(
                 std::count(text.begin(), text.begin() + static_cast<long>(position), '\n'));
}

}  // namespace

Expected<void, FileProblem> CheckText(std::string_view text) {
  const std::size_t valid = ValidUtf8Length(text);
  if (const std::size_t nul = text.substr(0, valid).find('\0'); nul != std::string_view::npos) {
    return Problem(fmt::format("holds a NUL byte in its line {}", LineOf(text, nul)),
                   "save it as plain text in UTF-8");
  }
  if (valid < text.size()) {
    return Problem(fmt::format("is not UTF-8 in its line {} (byte 0x{:02x})", LineOf(text, valid),
                               static_cast<unsigned char>(text[valid])),
                   "save it as plain text in UTF-8");
  }
  return {};
}

Expected<void, FileProblem> CheckFile(const fs::path& path) {
  const auto stream = Open(path);
  if (!stream) return Unexpected<FileProblem>(stream.error());
  return {};
}

Expected<std::string, FileProblem> ReadTextFile(const fs::path& path, std::size_t most_bytes) {
  auto stream = Open(path);
  if (!stream) return Unexpected<FileProblem>(stream.error());
  std::string text;
  std::string block(std::size_t{1} << 16U, '\0');
  errno = 0;
  // Reading to the end, not to a size asked for beforehand: the file may grow, and /proc says 0.
  while (text.size() <= most_bytes && *stream) {
    stream->read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block, 0, static_cast<std::size_t>(stream->gcount()));
  }
  if (stream->bad() || (!stream->eof() && !*stream)) return Unreadable(LastSystemError());
  if (text.size() > most_bytes) {
    return Problem(fmt::format("is larger than {} MiB", most_bytes >> 20U), "shorten it");
  }
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  if (auto fits = CheckText(text); !fits) return Unexpected<FileProblem>(fits.error());
  return text;
}

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestPrompt = std::size_t{16} << 20U;

// Whether at most one of `keys` is set; an error for each one beyond the first.
template <std::size_t size>
bool CheckOnlyOne(const Settings& settings, const std::string_view (&keys)[size],
                  ErrorList& errors) {
  const Setting* first = nullptr;
  bool only_one = true;
  for (const std::string_view key : keys) {
    const std::vector<Setting>* list = settings.FindList(key);
    const Setting* setting =
        list != nullptr && !list->empty() ? &list->front() : settings.Find(key);
    if (setting != nullptr && first != nullptr) {
      errors.Add(setting->place, setting->text,
                 fmt::format("cannot be given together with {}", Name(first->place)),
                 "keep one of them");
      only_one = false;
    }
    if (first == nullptr) first = setting;
  }
  return only_one;
}

// Relative to the folder of the file that says it, or to the current one; absolute where it can be.
std::optional<fs::path> ReadPath(const Setting& setting, ErrorList& errors) {
  if (setting.text.empty() || setting.text.find('\0') != std::string::npos) {
    errors.Add(setting.place, setting.text,
               setting.text.empty() ? "the path is empty" : "the path holds a NUL byte",
               "write the path of a file");
    return std::nullopt;
  }
  std::error_code ignored;
  const fs::path path = fs::absolute(setting.place.file.parent_path() / setting.text, ignored);
  return path.lexically_normal();
}

void AddProblem(const Setting& setting, const FileProblem& problem, ErrorList& errors) {
  errors.Add(setting.place, setting.text,
             fmt::format("{} {}", Shown(setting.text), problem.message), problem.remedy);
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

void ReadPromptFile(const Setting& setting, SweepConfig& config, ErrorList& errors) {
  const auto path = ReadPath(setting, errors);
  if (!path) return;
  auto text = ReadTextFile(*path, kLargestPrompt);
  if (!text) {
    AddProblem(setting, text.error(), errors);
  } else if (IsBlank(*text)) {
    AddProblem(setting, {"holds no text", "write a prompt into it"}, errors);
  } else {
    config.prompt = PromptText{std::move(*text), *path};
  }
}

// A length is one of the built-in text.
void CheckNoTokens(const Settings& settings, ErrorList& errors) {
  const std::string_view tokens = KeyOf(Parameter::kPromptTokens);
  if (!settings.Gives(tokens)) return;
  const Place& place = settings.places.find(tokens)->second;
  for (const std::string_view key : {"prompt", "prompt_file"}) {
    const Setting* text = settings.Find(key);
    if (text == nullptr) continue;
    errors.Add(place, {}, fmt::format("cannot be given together with {}", Name(text->place)),
               "keep one of them");
    return;
  }
}

void ReadPromptText(const Setting& setting, SweepConfig& config, ErrorList& errors) {
  if (IsBlank(setting.text)) {
    errors.Add(setting.place, setting.text, "the prompt holds no text",
               "write a prompt, or leave it out for the built-in one");
  } else if (const auto fits = CheckText(setting.text); !fits) {
    errors.Add(setting.place, setting.text, "the prompt " + fits.error().message,
               "write plain text in UTF-8");
  } else {
    config.prompt = PromptText{setting.text, {}};
  }
}

}  // namespace

std::optional<std::string> ReadProgram(const Setting& setting, ErrorList& errors) {
  if (!setting.text.empty() && setting.text.find('/') == std::string::npos) return setting.text;
  const auto path = ReadPath(setting, errors);
  return path ? std::optional(path->string()) : std::nullopt;
}

void ReadModelfile(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  if (!CheckOnlyOne(settings, {KeyOf(Parameter::kModel), "modelfile"}, errors)) return;
  if (const Setting* modelfile = settings.Find("modelfile")) {
    const auto path = ReadPath(*modelfile, errors);
    if (!path) return;
    config.modelfile = *path;
    if (auto fits = CheckFile(*path); !fits) AddProblem(*modelfile, fits.error(), errors);
  }
}

void ReadPrompt(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  CheckNoTokens(settings, errors);
  if (!CheckOnlyOne(settings, {"prompt", "prompt_file"}, errors)) return;
  if (const Setting* text = settings.Find("prompt")) ReadPromptText(*text, config, errors);
  if (const Setting* path = settings.Find("prompt_file")) ReadPromptFile(*path, config, errors);
}

}  // namespace ollama_bench
