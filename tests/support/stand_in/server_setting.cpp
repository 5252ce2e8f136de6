#include "support/stand_in/server_setting.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

extern char** environ;

namespace ollama_bench::stand_in {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool HasGpu(const Script& script) {
  return script.Get("gpu_share", 0.0) > 0.0;
}

bool IsQuantized(const std::string& type) {
  return type != "f16";
}

std::string MiB(std::int64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%8.2f MiB", static_cast<double>(bytes) / (1 << 20));
  return text.data();
}

std::string Line(const char* level, const std::string& rest) {
  return "time=2026-11-28T09:55:42.762Z level=" + std::string(level) + " source=server.go:206 " +
         rest + "\n";
}

bool FitsEnvironment(const Json& wanted) {
  return std::all_of(wanted.items().begin(), wanted.items().end(), [](const auto& item) {
    return Variable(item.key().c_str()) == item.value().template get<std::string>();
  });
}

}  // namespace

std::int64_t ServerSetting::CacheBytesPerToken() const {
  // SmolLM2's cache of 16 bits takes about 22.5 kB a token (v0.32.15/api_ps*.json). A block of 32
  // values takes 34 bytes as q8_0, 18 as q4_0.
  constexpr std::int64_t kF16 = 22'528;
  if (kv_cache_type == "q8_0") return kF16 * 34 / 64;
  if (kv_cache_type == "q4_0") return kF16 * 18 / 64;
  return kF16;
}

bool IsReadOnly() {
  return !Variable("OLLAMA_NOPRUNE").empty();
}

ServerSetting SettingFromEnvironment(const Script& script) {
  const std::string flash_attention = Variable("OLLAMA_FLASH_ATTENTION");
  const bool is_on = flash_attention == "1" || flash_attention == "true";
  const std::string type = Variable("OLLAMA_KV_CACHE_TYPE");
  const std::string parallel = Variable("OLLAMA_NUM_PARALLEL");
  ServerSetting setting;
  setting.kv_cache_type = type.empty() ? "f16" : type;
  if (!parallel.empty()) setting.num_parallel = std::max(1, std::atoi(parallel.c_str()));
  if (Behaviour(script.version()).runs_llama_server()) {
    setting.flash_attention = flash_attention.empty() || is_on;
    setting.is_automatic = flash_attention.empty();
    if (IsQuantized(setting.kv_cache_type) && !setting.flash_attention) {
      setting.refusal =
          "llama_init_from_model: quantized V cache requires flash_attn to be enabled";
    }
    return setting;
  }
  setting.flash_attention = is_on && HasGpu(script);
  if (is_on && !setting.flash_attention) {
    setting.warnings.emplace_back("msg=\"flash attention enabled but not supported by gpu\"");
  }
  if (IsQuantized(setting.kv_cache_type) && !setting.flash_attention) {
    setting.warnings.push_back(
        "msg=\"quantized kv cache requested but flash attention disabled\" type=" + type);
    setting.kv_cache_type = "f16";
  }
  return setting;
}

double SpeedFactor(const Script& script, const ServerSetting& setting, const char* key) {
  double factor = 1.0;
  for (const Json& speed : script.Get("speeds", Json::array())) {
    const bool fits =
        speed.value("flash_attention", setting.flash_attention) == setting.flash_attention &&
        speed.value("kv_cache_type", setting.kv_cache_type) == setting.kv_cache_type &&
        speed.value("num_parallel", setting.num_parallel) == setting.num_parallel &&
        FitsEnvironment(speed.value("environment", Json::object()));
    if (fits) factor *= speed.value(key, 1.0);
  }
  return factor;
}

std::string StartLog(const Script& script) {
  const bool is_new = Behaviour(script.version()).runs_llama_server();
  if (HasGpu(script)) {
    return Line("INFO", is_new ? "msg=\"inference compute\" id=GPU-1 filter_id=\"\" library=CUDA "
                                 "compute=8.6 name=CUDA0 description=\"NVIDIA Stand-in\" "
                                 "libdirs=ollama driver=12.4 pci_id=0 type=discrete"
                               : "msg=\"inference compute\" id=GPU-1 library=cuda variant=v12 "
                                 "compute=8.6 driver=12.4 name=\"NVIDIA Stand-in\"");
  }
  return Line("INFO", is_new ? "msg=\"inference compute\" id=cpu library=cpu compute=\"\" name=cpu "
                               "description=cpu libdirs=ollama driver=\"\" pci_id=\"\" type=\"\""
                             : "msg=\"inference compute\" id=0 library=cpu variant=\"\" "
                               "compute=\"\" driver=0.0 name=\"\"");
}

std::string LoadLog(const Script& script, const ServerSetting& setting, std::int64_t num_ctx,
                    std::int64_t num_batch) {
  const bool is_new = Behaviour(script.version()).runs_llama_server();
  const std::string cells = std::to_string(num_ctx * setting.num_parallel);
  const std::string parallel = std::to_string(setting.num_parallel);
  const std::string batch = std::to_string(num_batch);
  const std::string type = Variable("OLLAMA_KV_CACHE_TYPE");
  std::string log;
  for (const std::string& warning : setting.warnings) log += Line("WARN", warning);
  if (is_new) {
    const char* flash = setting.is_automatic ? "auto" : setting.flash_attention ? "on" : "off";
    log += Line("INFO",
                "msg=\"starting llama-server\" cmd=\"/opt/ollama/lib/ollama/llama-server "
                "--model /models/blobs/x -c " +
                    cells + " -np " + parallel +
                    (type.empty() ? "" : " --cache-type-k " + type + " --cache-type-v " + type) +
                    " --flash-attn " + flash + " -b " + batch + " -ub " + batch + "\"");
  } else {
    log += Line("INFO",
                "msg=\"starting llama server\" cmd=\"/opt/ollama/bin/ollama runner "
                "--model /models/blobs/x --ctx-size " +
                    cells + " --batch-size " + batch +
                    (setting.flash_attention ? " --flash-attn" : "") +
                    (setting.flash_attention && !type.empty() ? " --kv-cache-type " + type : "") +
                    " --parallel " + parallel + " --port 1\"");
  }
  if (!setting.refusal.empty()) return log + setting.refusal + "\n";
  const std::int64_t bytes = num_ctx * setting.num_parallel * setting.CacheBytesPerToken();
  const std::string parts = "K (" + setting.kv_cache_type + "): " + MiB(bytes / 2) + ", V (" +
                            setting.kv_cache_type + "): " + MiB(bytes / 2) + "\n";
  if (!is_new) {
    return log + "llama_context: flash_attn    = " + (setting.flash_attention ? "1" : "0") +
           "\nllama_kv_cache_unified: KV self size  = " + MiB(bytes) + ", " + parts;
  }
  log += "llama_context: flash_attn            = ";
  log += setting.is_automatic ? "auto" : setting.flash_attention ? "enabled" : "disabled";
  log += "\nllama_kv_cache: size = " + MiB(bytes) + " (" + std::to_string(num_ctx) +
         " cells,  30 layers,  " + parallel + "/" + parallel + " seqs), " + parts;
  if (setting.is_automatic) log += "resolve_fused_ops: Flash Attention enabled\n";
  return log;
}

void WriteJournal(const Json& entry) {
  const std::string file = Variable("OLLAMA_STAND_IN_JOURNAL");
  if (file.empty()) return;
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const std::string line = entry.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  // In one piece: servers of several processes may write.
  [[maybe_unused]] const ssize_t written = write(fd, line.data(), line.size());
  close(fd);
}

Json StartEntry(const Script& script) {
  Json environment = Json::object();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    if (name == "HOME" || name.starts_with("OLLAMA_") || name.ends_with("_VISIBLE_DEVICES")) {
      environment[name] = text.substr(name.size() + 1);
    }
  }
  return {
      {"start", {{"pid", getpid()}, {"version", script.version()}, {"environment", environment}}}};
}

}  // namespace ollama_bench::stand_in
