#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ollama_bench::stand_in {

/// The spinner of a wait of `shown`: one frame each 100 ms (v0.11.4/run_other_prefix.stderr: 8
/// frames, 884 ms from the start to the first token). Too short a wait shows none
/// (run_same_prompt_again.stderr).
std::string Spinner(std::chrono::nanoseconds shown);

/// What wipes the spinner away before the first token or an error.
std::string_view SpinnerEnd();

/// stderr gets one of these for each piece of the answer, and one at the end.
std::string_view PieceMark();

/// The progress lines of `create` and of a pull, already at their end
/// (v0.11.4/create_from_model.stderr); nothing but the frame around them without `lines`
/// (create_no_from.stderr).
std::string StatusLines(const std::vector<std::string>& lines);

/// A table as `ollama list` and `ollama ps` print it: all but the last column padded to the widest
/// entry and four blanks (v0.11.4/list.stdout).
std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows);

/// "98 MB", "1.2 GB": decimal units.
std::string HumanBytes(std::int64_t bytes);

}  // namespace ollama_bench::stand_in
