#pragma once

#include <string>

#include "document.h"

namespace ollama_bench {

/// The document as one HTML file.
std::string WriteHtml(const Document& document);

}  // namespace ollama_bench
