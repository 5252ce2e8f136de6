#include "ollama_bench/export/export_text.h"

#include "cell_table.h"
#include "prometheus_text.h"
#include "records.h"
#include "row_texts.h"
#include "sql_script.h"

namespace ollama_bench {

void WriteExport(ExportFormat format, const ExportInput& input, const TextSink& sink) {
  switch (format) {
    case ExportFormat::kCsv:
      return WriteCsv(Records(input), sink);
    case ExportFormat::kJsonLines:
      return WriteJsonLines(Records(input), sink);
    case ExportFormat::kMarkdown:
      return WriteMarkdown(input, sink);
    case ExportFormat::kSql:
      return WriteSql(Records(input), sink);
    case ExportFormat::kPrometheus:
      return WritePrometheus(input, sink);
  }
}

}  // namespace ollama_bench
