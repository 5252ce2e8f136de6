#pragma once

#include <filesystem>
#include <vector>

#include "doctor.h"

namespace ollama_bench {

/// What keeps Ollama's program from being used together with the API: that it reaches another
/// server, takes a proxy, or does not see our temporary folder. Nothing is made on any server.
std::vector<Finding> ExamineClient(const DoctorSubject& subject,
                                   const std::filesystem::path& program);

}  // namespace ollama_bench
