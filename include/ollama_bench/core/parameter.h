#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ollama_bench {

/// What can be set for a cell. The order is that of columns, keys and names in every output, and
/// within a cost that of cells.
enum class Parameter : std::uint8_t {
  kOllama,
  kModel,
  kGpus,
  kSchedSpread,
  kNumParallel,
  kFlashAttention,
  kKvCacheType,
  kNumCtx,
  kNumBatch,
  kNumGpu,
  kNumThread,
  kMainGpu,
  kUseMmap,
  kPromptTokens,
  kNumPredict,
  kConcurrency,
  kRequestRate,
};
inline constexpr std::size_t kParameterCount = 17;

/// What a change of the value costs, dearest first.
enum class Scope {
  kSubject,  ///< another program or another model: what is measured, not how it is set
  kServer,   ///< a start of the server, which must be ours
  kModel,    ///< a load of the model
  kRequest,  ///< nothing: each request says it
  kTraffic,  ///< nothing: how many requests there are, and when
};

enum class ParameterType {
  kCount,    ///< a whole number
  kSwitch,   ///< off and on, stored as 0 and 1
  kDecimal,  ///< with up to three decimals, stored in thousandths
  kChoice,   ///< one of a few words, stored as its place among them
  kSet,      ///< small whole numbers, "0+2", stored as a bit each
  kName,     ///< any text, stored as ValueOfName has it
};

/// Which of two values is recommended where both do equally well.
enum class Preference { kSmaller, kLarger };

/// The value of a parameter that is not set: Ollama, or the workload, decides. It differs from, and
/// sorts before, every number.
inline constexpr int kAutoValue = std::numeric_limits<int>::min();

/// One row of the table that flags, YAML keys, help, columns, labels and store keys come from.
struct ParameterInfo {
  Parameter parameter;
  std::string_view key;   ///< in YAML, JSON, CSV and the store, and of a Modelfile's PARAMETER line
  std::string_view flag;  ///< of a list on the command line: "--num-thread"
  Scope scope;
  ParameterType type;
  std::string_view unit;  ///< "tokens"; empty where it is a plain count
  int lowest;             ///< bounds as stored, both ends included
  int highest;
  Preference preferred;
  bool
      is_option;  ///< an option of Ollama's: a Modelfile's PARAMETER, or one of the API's "options"
  std::string_view help;                           ///< one clause, without a period
  std::string_view example;                        ///< a list of valid values
  std::string_view variable = {};                  ///< of the server's environment that sets it
  std::span<const std::string_view> choices = {};  ///< of a kChoice
};

/// Every parameter once, in the order of the enumeration.
std::span<const ParameterInfo> AllParameters();
const ParameterInfo& Describe(Parameter parameter);
std::optional<Parameter> ParameterFromKey(std::string_view key);
inline std::string_view KeyOf(Parameter parameter) {
  return Describe(parameter).key;
}

/// The two that the old script swept: the axes of a table where nothing else is said, and what a
/// results file of schema 1 holds for each cell.
inline constexpr Parameter kUsualAcross = Parameter::kNumCtx;
inline constexpr Parameter kUsualDown = Parameter::kNumBatch;
constexpr bool IsOfUsualPair(Parameter parameter) {
  return parameter == kUsualAcross || parameter == kUsualDown;
}

/// What the values of kKvCacheType are.
enum class KvCacheType { kF16, kQ8, kQ4 };

/// The number that stands for a name in cells: the same as long as the program runs, another for
/// each name. Which of two is smaller says nothing: see IsBefore. Safe to call from any thread.
int ValueOfName(std::string_view name);
/// The name that ValueOfName was given; of a number that it did not return, none.
std::string_view NameOfValue(int value);

/// Whether `a` comes before `b` in lists and tables: auto, then numbers by size and names by their
/// letters.
bool IsBefore(Parameter parameter, int a, int b);

/// That order, for sets of the values of one parameter.
struct ValueOrder {
  Parameter parameter{};
  bool operator()(int a, int b) const { return IsBefore(parameter, a, b); }
};

/// What one is in the stored value of a decimal.
inline constexpr int kDecimalUnit = 1000;

/// "4096", "true", "0.5", "auto".
std::string FormatValue(Parameter parameter, int value);
/// The value that FormatValue writes so, whatever the bounds; empty where there is none.
std::optional<int> ParseValue(Parameter parameter, std::string_view text);

/// What a value that is set amounts to: 0.5 for a decimal, 0 or 1 for a switch.
inline double NumberOf(Parameter parameter, int value) {
  const bool is_decimal = Describe(parameter).type == ParameterType::kDecimal;
  return is_decimal ? static_cast<double>(value) / kDecimalUnit : value;
}

/// A value that is set, as a format has it that knows numbers, booleans and texts: true or false
/// for a switch. `Json` is any type that can be made of all three.
template <class Json>
Json ValueAs(Parameter parameter, int value) {
  switch (Describe(parameter).type) {
    case ParameterType::kCount:
      return Json(value);
    case ParameterType::kSwitch:
      return Json(value != 0);
    case ParameterType::kDecimal:
      return Json(NumberOf(parameter, value));
    default:
      return Json(FormatValue(parameter, value));
  }
}

}  // namespace ollama_bench
