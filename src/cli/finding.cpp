#include "finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ollama_bench/core/text.h"
#include "ollama_bench/render/text_report.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;
using Level = Finding::Level;

constexpr std::size_t kIndent = 19;  // of the texts, behind level and topic

std::string_view KeyOf(Level level) {
  switch (level) {
    case Level::kGood:
      return "ok";
    case Level::kNote:
      return "note";
    case Level::kWarning:
      return "warning";
    case Level::kProblem:
      return "problem";
  }
  return "";
}

// The words of `text`, broken before the column `width`; later lines begin at kIndent.
std::string Indented(const std::string& text, std::size_t width) {
  std::string lines = Wrapped(text, width - std::min(width, kIndent));
  for (auto end = lines.find('\n'); end + 1 < lines.size(); end = lines.find('\n', end + 1)) {
    lines.insert(end + 1, kIndent, ' ');
  }
  return lines;
}

}  // namespace

std::string FindingsText(const std::vector<Finding>& findings, const TerminalStyle& style) {
  std::string text;
  for (const Finding& finding : findings) {
    const std::string level = fmt::format("{:<8}", KeyOf(finding.level));
    const bool stands_out = finding.level >= Level::kWarning;
    text += fmt::format("{} {:<10}", stands_out ? Bold(level, style.color) : level, finding.topic);
    text += Indented(Printable(finding.text, false), style.width);
    if (!finding.remedy.empty()) {
      text += fmt::format("{:{}}", "", kIndent) +
              Indented("-> " + Printable(finding.remedy, false), style.width);
    }
  }
  return text;
}

std::string FindingsJson(const std::vector<Finding>& findings,
                         const std::vector<std::string>& fixed) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"level", KeyOf(finding.level)},
                    {"topic", finding.topic},
                    {"message", finding.text},
                    {"remedy", finding.remedy.empty() ? Json() : Json(finding.remedy)}});
  }
  const Json json = {{"ok", !AnyProblem(findings)}, {"findings", list}, {"fixed", fixed}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

bool AnyProblem(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.level == Level::kProblem; });
}

}  // namespace ollama_bench
