#include "postgres_error.h"

#include <algorithm>
#include <array>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

struct Advice {
  std::string_view sqlstate;  ///< or how it begins
  std::string_view text;
};

constexpr std::array kAdvice = {
    Advice{"53100", "the server's disk is full: make room there and export again"},
    Advice{"53400", "a limit of the server is reached: raise it and export again"},
    Advice{"53", "the server is short of resources: export again later"},
    Advice{"42501",
           "the role lacks a privilege: let an administrator run GRANT CREATE, TEMPORARY ON "
           "DATABASE … TO the role, or export as the owner of the schema ollama_bench"},
    Advice{
        "25006",
        "the session only reads: name the primary server, or reset default_transaction_read_only"},
    Advice{"55P03", "another session holds the tables: export again when it has ended"},
    Advice{"57014", "the server cancelled it: raise statement_timeout and export again"},
    Advice{"57P", "the server is shutting down: export again when it runs"},
    Advice{"22P05", "the database cannot hold such characters: create one with ENCODING 'UTF8'"},
    Advice{"22021", "the database cannot hold such characters: create one with ENCODING 'UTF8'"},
    Advice{"42P01", "the schema ollama_bench was changed by hand: rename it and export again"},
    Advice{"42703", "the schema ollama_bench was changed by hand: rename it and export again"},
    Advice{"42P07", "the schema ollama_bench was changed by hand: rename it and export again"},
};

}  // namespace

std::string_view AdviceOn(std::string_view sqlstate) {
  const auto found = std::find_if(kAdvice.begin(), kAdvice.end(), [&](const Advice& advice) {
    return sqlstate.starts_with(advice.sqlstate);
  });
  return found == kAdvice.end() ? std::string_view() : found->text;
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : Trim(text)) {
    const bool is_blank = c == '\n' || c == '\t' || c == ' ';
    if (!is_blank) {
      line += c;
    } else if (!line.ends_with(' ')) {
      line += ' ';
    }
  }
  return Printable(line, /*keep_newlines=*/false);
}

}  // namespace ollama_bench
