#pragma once

#include <string>

#include "document.h"

namespace ollama_bench {

/// The document without its pictures as Markdown: tables and folds are those of GitHub.
std::string WriteMarkdown(const Document& document);

}  // namespace ollama_bench
