#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "ollama_bench/export/export_text.h"
#include "records.h"

namespace ollama_bench {

/// Takes the statements of an export one after the other. Each returns whether to continue.
class SqlTarget {
 public:
  virtual ~SqlTarget() = default;
  virtual bool Execute(const std::string& statement) = 0;
  /// An INSERT into a table of ours: as Execute.
  virtual bool Insert(const std::string& statement) { return Execute(statement); }
  /// `statement` is a COPY … FROM STDIN; `rows` writes its lines in COPY's text format.
  virtual bool Copy(const std::string& statement,
                    const std::function<void(const TextSink&)>& rows) = 0;
};

/// The one transaction that brings the records into the database: the lock of exports, the schema,
/// the rows by COPY into temporary tables, from there into ours. False where the target stopped it.
bool RunSqlScript(const Records& records, SqlTarget& target);

/// The same as a script for psql.
void WriteSql(const Records& records, const TextSink& sink);

}  // namespace ollama_bench
