#pragma once

#include <string>

namespace ollama_bench {

/// The newest version of the tables.
inline constexpr int kSqlSchemaVersion = 2;

/// SQLSTATEs of our own, raised by SchemaStatement with a message for a person.
inline constexpr const char* kSchemaIsNewer = "OB001";
inline constexpr const char* kSchemaIsOthers = "OB002";

/// One statement that brings the schema ollama_bench of a database to kSqlSchemaVersion, or raises
/// one of the errors above: version after version, each of which is a step that stays as it is once
/// it was released. For within a transaction that holds the lock of exports.
std::string SchemaStatement();

}  // namespace ollama_bench
