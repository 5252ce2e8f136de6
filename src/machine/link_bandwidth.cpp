#include "ollama_bench/machine/link_bandwidth.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "ollama_bench/core/text.h"
#include "ollama_bench/process/find_program.h"
#include "placed_json.h"

namespace ollama_bench {
namespace {

using Type = PlacedJson::Type;
using Error = Unexpected<PlacedError>;
using Links = std::vector<LinkBandwidth>;

constexpr std::size_t kLargestFile = std::size_t{16} * 1024 * 1024;
constexpr std::size_t kMostShown = 200;  // bytes of a text in a message
constexpr std::chrono::minutes kTimeout{10};

std::string Shown(std::string_view text) {
  return std::string(StartOf(Printable(text, false), kMostShown));
}

std::string_view NameOf(Type type) {
  switch (type) {
    case Type::kNull:
      return "null";
    case Type::kBoolean:
      return "a boolean";
    case Type::kNumber:
      return "a number";
    case Type::kText:
      return "a string";
    case Type::kList:
      return "a list";
    case Type::kObject:
      return "an object";
  }
  return "unknown";
}

// The member `key` of `object`, which must be of that type.
Expected<const PlacedJson*, PlacedError> Member(const PlacedJson& object, const char* key,
                                                Type type) {
  const PlacedJson* const found = object.Find(key);
  if (found == nullptr) {
    return Error({object.line, fmt::format("the object that begins here lacks \"{}\"", key)});
  }
  if (found->type != type) {
    return Error(
        {found->line, fmt::format("\"{}\" is {}, not {}", key, NameOf(found->type), NameOf(type))});
  }
  return found;
}

// A figure: finite and not negative.
Expected<double, PlacedError> Figure(const PlacedJson& value, const char* what) {
  double number = value.number;
  bool is_number = value.type == Type::kNumber;
  if (value.type == Type::kText) {
    const char* const end = value.text.data() + value.text.size();
    const auto read = std::from_chars(value.text.data(), end, number);
    is_number = read.ec == std::errc() && read.ptr == end;
  }
  if (is_number && std::isfinite(number) && number >= 0) return number;
  const bool is_plain = value.type == Type::kText || value.type == Type::kNumber;
  return Error({value.line, fmt::format("{} is {}, not a number of 0 or more", what,
                                        value.type == Type::kText ? "'" + Shown(value.text) + "'"
                                        : is_plain                ? fmt::format("{}", value.number)
                                                   : std::string(NameOf(value.type)))});
}

// The figures of a matrix, whose rows and columns are devices; "N/A" where a pair has none.
Expected<std::vector<double>, PlacedError> MatrixFigures(const PlacedJson& matrix) {
  std::vector<double> figures;
  for (const PlacedJson& row : matrix.items) {
    if (row.type != Type::kList) {
      return Error({row.line, fmt::format("a row of \"bandwidth_matrix\" is {}, not a list",
                                          NameOf(row.type))});
    }
    for (const PlacedJson& value : row.items) {
      if (value.type == Type::kText && value.text == "N/A") continue;
      const auto figure = Figure(value, "a value of \"bandwidth_matrix\"");
      if (!figure) return Error(figure.error());
      figures.push_back(*figure);
    }
  }
  return figures;
}

// A test that passed; empty where no pair of devices has a figure.
Expected<std::optional<LinkBandwidth>, PlacedError> PassedTest(const PlacedJson& test,
                                                               const std::string& name) {
  const auto matrix = Member(test, "bandwidth_matrix", Type::kList);
  if (!matrix) return Error(matrix.error());
  const auto description = Member(test, "bandwidth_description", Type::kText);
  if (!description) return Error(description.error());
  const auto figures = MatrixFigures(**matrix);
  if (!figures) return Error(figures.error());
  const bool is_latency = (*description)->text.ends_with("(ns)");
  if (!is_latency && !(*description)->text.ends_with("(GB/s)")) {
    return Error({(*description)->line,
                  fmt::format("'{}' names neither GB/s nor ns", Shown((*description)->text))});
  }
  if (figures->empty()) return std::nullopt;
  LinkBandwidth link;
  link.name = Shown(name);
  if (is_latency) {
    link.latency_microseconds = *std::min_element(figures->begin(), figures->end()) / 1000;
  } else {
    link.peak_bandwidth_gb_s = *std::max_element(figures->begin(), figures->end());
  }
  return link;
}

Expected<Links, PlacedError> ReadNvbandwidth(const PlacedJson& report) {
  if (const PlacedJson* const said = report.Find("error")) {
    return Error({said->line, fmt::format("nvbandwidth reports an error: {}", Shown(said->text))});
  }
  const auto tests = Member(report, "testcases", Type::kList);
  if (!tests) return Error(tests.error());
  Links links;
  for (const PlacedJson& test : (*tests)->items) {
    if (test.type != Type::kObject) {
      return Error({test.line, fmt::format("a test case is {}, not an object", NameOf(test.type))});
    }
    const auto name = Member(test, "name", Type::kText);
    if (!name) return Error(name.error());
    const auto status = Member(test, "status", Type::kText);
    if (!status) return Error(status.error());
    if ((*status)->text != "Passed") continue;
    auto link = PassedTest(test, (*name)->text);
    if (!link) return Error(link.error());
    if (*link) links.push_back(std::move(**link));
  }
  if (links.empty()) return Error({(*tests)->line, "no test passed and gave a figure"});
  return links;
}

/// What the results of nccl-tests amount to.
struct NcclSummary {
  std::optional<double> peak;
  std::optional<double> latency;
  double smallest = HUGE_VAL;  // bytes of the message that `latency` is of
};

// One of the two halves of a result.
Expected<void, PlacedError> AddNcclHalf(const PlacedJson& half, double size, NcclSummary& summary) {
  if (half.type == Type::kNull) return {};  // not measured
  if (half.type != Type::kObject) {
    return Error({half.line, fmt::format("a result is {}, not an object", NameOf(half.type))});
  }
  if (half.Find("cpu_time") != nullptr) {
    return Error({half.line, "holds CPU times instead of transfer times; run it without -C"});
  }
  std::array<double, 2> figures{};
  constexpr std::array<const char*, 2> kKeys = {"time", "bus_bw"};
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    const PlacedJson* const found = half.Find(kKeys[i]);
    if (found == nullptr) {
      return Error({half.line, fmt::format("the object that begins here lacks \"{}\"", kKeys[i])});
    }
    if (found->type == Type::kText && found->text == "nan") return {};
    const auto figure = Figure(*found, kKeys[i]);
    if (!figure) return Error(figure.error());
    figures[i] = *figure;
  }
  const PlacedJson* const wrong = half.Find("nwrong");
  if (wrong != nullptr && wrong->type == Type::kNumber && wrong->number > 0) {
    return Error({wrong->line, fmt::format("{} values arrived wrong", wrong->number)});
  }
  if (size <= 0) return {};
  if (figures[1] > 0) summary.peak = std::max(summary.peak.value_or(0), figures[1]);
  if (size < summary.smallest || (size == summary.smallest && figures[0] < *summary.latency)) {
    summary.smallest = size;
    summary.latency = figures[0];
  }
  return {};
}

Expected<Links, PlacedError> ReadNcclTests(const PlacedJson& report) {
  const auto results = Member(report, "results", Type::kList);
  if (!results) return Error(results.error());
  NcclSummary summary;
  for (const PlacedJson& result : (*results)->items) {
    const auto size = Member(result, "size", Type::kNumber);
    if (!size) return Error(size.error());
    for (const char* key : {"out_of_place", "in_place"}) {
      const PlacedJson* const half = result.Find(key);
      if (half == nullptr) continue;
      const auto added = AddNcclHalf(*half, (*size)->number, summary);
      if (!added) return Error(added.error());
    }
  }
  if (!summary.peak) return Error({(*results)->line, "no result gives a bandwidth"});
  LinkBandwidth link;
  link.name = "nccl-tests";
  const PlacedJson* const args = report.Find("args");
  if (args != nullptr && !args->items.empty() && !args->items.front().text.empty()) {
    link.name = Shown(std::filesystem::path(args->items.front().text).filename().string());
  }
  link.peak_bandwidth_gb_s = summary.peak;
  link.latency_microseconds = summary.latency;
  return Links{std::move(link)};
}

Expected<Links, PlacedError> ReadText(std::string_view text) {
  if (Trim(text).empty()) return Error({1, "is empty"});
  const auto parsed = ParsePlacedJson(text);
  if (!parsed) return Error(parsed.error());
  const PlacedJson* const nvbandwidth = parsed->Find("nvbandwidth");
  if (nvbandwidth != nullptr && nvbandwidth->type == Type::kObject) {
    return ReadNvbandwidth(*nvbandwidth);
  }
  const bool is_nccl =
      parsed->Find("results") != nullptr &&
      (parsed->Find("nccl_version") != nullptr || parsed->Find("config") != nullptr);
  if (is_nccl) return ReadNcclTests(*parsed);
  return Error({parsed->line, "is neither of nvbandwidth -j nor of nccl-tests -J"});
}

Expected<Links, std::string> Read(std::string_view text, const std::string& name,
                                  const NominalRate& nominal) {
  auto links = ReadText(text);
  if (!links) {
    return Unexpected<std::string>(
        fmt::format("{}:{}: {}", name, links.error().line, links.error().message));
  }
  for (LinkBandwidth& link : *links) {
    link.source = name;
    const auto rate = nominal ? nominal(link.name) : std::nullopt;
    if (rate && *rate > 0 && link.peak_bandwidth_gb_s) {
      link.efficiency_percent = 100 * *link.peak_bandwidth_gb_s / *rate;
    }
  }
  return std::move(*links);
}

}  // namespace

Expected<Links, std::string> ReadLinkBandwidth(std::istream& in, const std::string& name,
                                               const NominalRate& nominal) {
  const std::string shown = Printable(name, false);
  std::string text;
  std::array<char, 1 << 16> block{};
  while (in.read(block.data(), block.size()) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLargestFile) {
      return Unexpected<std::string>(
          fmt::format("{}:1: is larger than {}; no such report is", shown,
                      FormatBytes(static_cast<std::int64_t>(kLargestFile))));
    }
  }
  if (in.bad()) return Unexpected<std::string>(fmt::format("{}:1: cannot be read", shown));
  return Read(text, shown, nominal);
}

Expected<Links, std::string> RunNvbandwidth(ProcessRunner& runner, const StopRequest& stop,
                                            const NominalRate& nominal) {
  using End = ProcessOutcome::End;
  const auto fail = [](std::string why) { return Unexpected<std::string>(std::move(why)); };
  const auto program = FindProgram("nvbandwidth");
  if (!program) {
    return fail(
        "nvbandwidth is not on PATH; it is built from https://github.com/NVIDIA/nvbandwidth");
  }
  const ProcessOutcome outcome = runner.Run({{program->string(), "-j"}, {}, {}, kTimeout}, stop);
  switch (outcome.end) {
    case End::kInterrupted:
      return fail("stopped");
    case End::kNotStarted:
      return fail(fmt::format("nvbandwidth cannot be started: {}", outcome.start_error));
    case End::kTimedOut:
      return fail(fmt::format("nvbandwidth has not ended after {}", FormatDuration(kTimeout)));
    case End::kSignaled:
      return fail(fmt::format("nvbandwidth was ended by signal {}", outcome.signal_number));
    case End::kExited:
      break;
  }
  auto links = Read(outcome.stdout_tail, "nvbandwidth", nominal);
  if (links) return links;
  if (outcome.exit_code != 0) {
    const std::string said = Shown(Trim(outcome.stderr_tail));
    return fail(fmt::format("nvbandwidth ended with exit code {}{}{}; its output: {}",
                            outcome.exit_code, said.empty() ? "" : ": ", said, links.error()));
  }
  // The tail alone is kept.
  if (!outcome.stdout_tail.starts_with('{')) {
    return fail(fmt::format("{}; where its output is too long, import it: nvbandwidth -j > FILE",
                            links.error()));
  }
  return links;
}

}  // namespace ollama_bench
