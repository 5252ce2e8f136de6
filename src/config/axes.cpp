#include "axes.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <set>

#include "numbers.h"

namespace ollama_bench {
namespace {

constexpr std::int64_t kMostCells = 100'000;
constexpr std::array<std::string_view, 3> kParts = {"start", "end", "step"};

// Reads one axis.
class AxisReader {
 public:
  AxisReader(const Settings& settings, std::string_view axis, ErrorList& errors)
      : settings_(settings), axis_(axis), errors_(errors) {}

  std::optional<Axis> Read() {
    if (settings_.refused.contains(axis_)) return std::nullopt;
    const std::vector<Setting>* list = settings_.FindList(axis_);
    if (list != nullptr) return CheckNoRange() ? ReadList(*list) : std::nullopt;
    if (AnyPart() == nullptr && !settings_.places.contains(axis_)) return Axis();
    return ReadRange();
  }

 private:
  [[nodiscard]] const Parameter& Of(std::string_view part) const {
    return ParameterOf(Join(axis_, part));
  }

  [[nodiscard]] const Setting* AnyPart() const {
    for (const std::string_view part : kParts) {
      if (const Setting* setting = settings_.Find(Join(axis_, part))) return setting;
    }
    return nullptr;
  }

  // A flag such as --ctx-step has nothing to change in a list.
  bool CheckNoRange() {
    const Setting* part = AnyPart();
    if (part == nullptr) return true;
    const Place& list = settings_.places.find(axis_)->second;
    errors_.Add(part->place, part->text,
                fmt::format("has no effect on a list of values ({})", Name(list)),
                fmt::format("give {}, {} and {} together, or {} alone", Of("start").flag,
                            Of("end").flag, Of("step").flag, ParameterOf(axis_).flag));
    return false;
  }

  std::optional<Axis> ReadList(const std::vector<Setting>& list) {
    if (list.empty()) {
      errors_.Add(settings_.places.find(axis_)->second, {}, "the list is empty",
                  fmt::format("write \"{}: [{}]\"", axis_, ParameterOf(axis_).example));
      return std::nullopt;
    }
    Axis axis;
    std::set<int> seen;
    bool sound = true;
    for (const Setting& setting : list) {
      const auto value = ReadNumber(setting, axis_, errors_);
      if (value && !seen.insert(*value).second) {
        errors_.Add(setting.place, setting.text, fmt::format("{} is in the list twice", *value),
                    "keep one of them");
        sound = false;
      }
      sound = sound && value;
      axis.values.push_back(value.value_or(0));
    }
    if (!sound) return std::nullopt;
    return axis;
  }

  std::optional<int> ReadPart(std::string_view part) {
    const std::string key = Join(axis_, part);
    if (settings_.refused.contains(key)) return std::nullopt;
    if (const Setting* setting = settings_.Find(key)) return ReadNumber(*setting, key, errors_);
    const auto in_file = settings_.places.find(axis_);
    const bool from_flags = in_file == settings_.places.end();
    errors_.Add(from_flags ? Place{{}, 0, std::string(Of(part).flag)}
                           : Place{in_file->second.file, in_file->second.line, key},
                {}, "is missing",
                from_flags
                    ? fmt::format("give it, for example {} {}", Of(part).flag, Of(part).example)
                    : fmt::format("write \"{}: {}\" there", part, Of(part).example));
    return std::nullopt;
  }

  std::optional<Axis> ReadRange() {
    const auto start = ReadPart("start");
    const auto end = ReadPart("end");
    const auto step = ReadPart("step");
    if (!start || !end || !step) return std::nullopt;
    const Setting& end_setting = *settings_.Find(Join(axis_, "end"));
    if (*end < *start) {
      errors_.Add(end_setting.place, end_setting.text,
                  fmt::format("{} is below the start, {}", *end, *start),
                  fmt::format("write {} or more, or a smaller start", *start));
      return std::nullopt;
    }
    const std::int64_t count = (std::int64_t{*end} - *start) / *step + 1;
    if (count > kMostCells) {
      errors_.Add(settings_.Find(Join(axis_, "step"))->place, std::to_string(*step),
                  fmt::format("{} makes {} values, more than {}", *step, count, kMostCells),
                  "write a larger step or a smaller range");
      return std::nullopt;
    }
    Axis axis;
    for (std::int64_t i = 0; i < count; ++i) {
      axis.values.push_back(static_cast<int>(*start + i * *step));
    }
    return axis;
  }

  const Settings& settings_;
  const std::string axis_;
  ErrorList& errors_;
};

}  // namespace

std::optional<Grid> ReadGrid(const Settings& settings, const std::filesystem::path& file,
                             ErrorList& errors) {
  auto num_ctx = AxisReader(settings, "num_ctx", errors).Read();
  auto num_batch = AxisReader(settings, "num_batch", errors).Read();
  if (!num_ctx || !num_batch) return std::nullopt;
  const auto ctx_count = static_cast<std::int64_t>(num_ctx->values.size());
  const auto batch_count = static_cast<std::int64_t>(num_batch->values.size());
  if (ctx_count * batch_count > kMostCells) {
    errors.Add({file, 0, "num_ctx x num_batch"}, {},
               fmt::format("{} x {} = {} cells are more than {}", ctx_count, batch_count,
                           ctx_count * batch_count, kMostCells),
               "write larger steps or smaller ranges");
    return std::nullopt;
  }
  return Grid{std::move(*num_ctx), std::move(*num_batch)};
}

}  // namespace ollama_bench
