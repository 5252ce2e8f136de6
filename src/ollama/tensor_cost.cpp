#include "tensor_cost.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ollama_bench {
namespace {

using Json = nlohmann::json;

/// So many numbers take so many bytes.
struct TensorType {
  std::string_view name;
  int numbers;
  int bytes;
};

// ggml's types (ggml-common.h).
constexpr std::array kTypes = {
    TensorType{"F32", 1, 4},      TensorType{"F16", 1, 2},        TensorType{"BF16", 1, 2},
    TensorType{"F64", 1, 8},      TensorType{"I8", 1, 1},         TensorType{"I16", 1, 2},
    TensorType{"I32", 1, 4},      TensorType{"I64", 1, 8},        TensorType{"Q4_0", 32, 18},
    TensorType{"Q4_1", 32, 20},   TensorType{"Q5_0", 32, 22},     TensorType{"Q5_1", 32, 24},
    TensorType{"Q8_0", 32, 34},   TensorType{"Q8_1", 32, 36},     TensorType{"Q2_K", 256, 84},
    TensorType{"Q3_K", 256, 110}, TensorType{"Q4_K", 256, 144},   TensorType{"Q5_K", 256, 176},
    TensorType{"Q6_K", 256, 210}, TensorType{"Q8_K", 256, 292},   TensorType{"IQ1_S", 256, 50},
    TensorType{"IQ1_M", 256, 56}, TensorType{"IQ2_XXS", 256, 66}, TensorType{"IQ2_XS", 256, 74},
    TensorType{"IQ2_S", 256, 82}, TensorType{"IQ3_XXS", 256, 98}, TensorType{"IQ3_S", 256, 110},
    TensorType{"IQ4_NL", 32, 18}, TensorType{"IQ4_XS", 256, 136}, TensorType{"TQ1_0", 256, 54},
    TensorType{"TQ2_0", 256, 66}, TensorType{"MXFP4", 32, 17},
};

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<double> PositiveOf(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  const bool is_number = found != object.end() && found->is_number();
  return is_number && found->get<double>() > 0 ? std::optional(found->get<double>()) : std::nullopt;
}

// 0 where the shape is none.
double NumbersOf(const Json& tensor) {
  const auto shape = tensor.find("shape");
  if (shape == tensor.end() || !shape->is_array() || shape->empty()) return 0;
  double numbers = 1;
  for (const Json& size : *shape) numbers *= size.is_number() ? size.get<double>() : 0;
  return numbers > 0 && numbers < 1e15 ? numbers : 0;
}

bool IsOfText(std::string_view name) {
  return !name.starts_with("v.") && !name.starts_with("mm.") && !name.starts_with("a.");
}

// The part of the experts' tensors that a token goes through; 1 where there are none.
double ActiveShare(const Json& info) {
  const std::string family = TextOf(info, "general.architecture");
  const auto all = PositiveOf(info, family + ".expert_count");
  const auto used = PositiveOf(info, family + ".expert_used_count");
  return all && used ? std::min(1.0, *used / *all) : 1;
}

}  // namespace

std::optional<DecodeCost> CostOfTensors(const Json& answer) {
  const auto tensors = answer.find("tensors");
  const auto info = answer.find("model_info");
  if (tensors == answer.end() || !tensors->is_array() || tensors->empty()) return std::nullopt;
  if (info == answer.end() || !info->is_object()) return std::nullopt;
  const bool has_output = std::any_of(tensors->begin(), tensors->end(), [](const Json& tensor) {
    return tensor.is_object() && TextOf(tensor, "name") == "output.weight";
  });
  const double active = ActiveShare(*info);
  DecodeCost cost;
  double bytes = 0;
  double numbers = 0;
  for (const Json& tensor : *tensors) {
    if (!tensor.is_object()) return std::nullopt;
    const std::string name = TextOf(tensor, "name");
    const std::string type_name = TextOf(tensor, "type");
    const auto type = std::find_if(kTypes.begin(), kTypes.end(), [&type_name](const auto& known) {
      return known.name == type_name;
    });
    const double count = NumbersOf(tensor);
    if (type == kTypes.end() || count <= 0) return std::nullopt;
    const bool is_table = name == "token_embd.weight" && has_output;
    if (is_table || !IsOfText(name)) continue;
    const bool is_expert = name.find("_exps") != std::string::npos;
    cost.is_mixture = cost.is_mixture || is_expert;
    const double share = is_expert ? active : 1;
    numbers += share * count;
    bytes += share * count * type->bytes / type->numbers;
  }
  cost.weight_bytes = std::llround(bytes);
  cost.active_parameters = std::llround(numbers);
  return cost;
}

}  // namespace ollama_bench
