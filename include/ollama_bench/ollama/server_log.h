#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ollama_bench {

/// Something that a server computes on, as its log says at its start.
struct ComputeDevice {
  std::string id;       ///< as CUDA_VISIBLE_DEVICES and the like take it; "0" or "cpu" of a CPU
  std::string library;  ///< "cuda", "rocm", "metal", "cpu", in small letters
  std::string compute;  ///< "8.6", "gfx1030"; empty of a CPU
  std::string name;     ///< for a person: "NVIDIA GeForce RTX 2080 Ti"; may be empty

  friend bool operator==(const ComputeDevice&, const ComputeDevice&) = default;
};

/// The devices in the log of `ollama serve`; empty where it does not list them (yet).
std::vector<ComputeDevice> ComputeDevices(std::string_view log);

/// What a runner works with, by what was logged: by itself where it says so, else by its command
/// line. What neither says is empty.
struct RunnerSetting {
  std::optional<bool> flash_attention;  ///< also empty while llama.cpp has not chosen
  std::optional<std::string> kv_cache_type;
  std::optional<int> num_parallel;
  std::optional<int> num_batch;                ///< v0.32.15 raises its own choice with num_parallel
  std::optional<std::int64_t> kv_cache_bytes;  ///< of all devices, to 0.01 MiB
  /// Why it is not what was asked for, in the server's words, each once.
  std::vector<std::string> reasons;
};

/// The setting of the runner that was started last in the log of `ollama serve`, v0.11 on; empty
/// where none was. The log is written while the model loads: complete once that has ended. Models
/// of Ollama's own engine (before v0.30) do not log the size of their cache in this form.
std::optional<RunnerSetting> LastRunner(std::string_view log);

}  // namespace ollama_bench
