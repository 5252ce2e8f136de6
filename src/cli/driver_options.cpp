#include "ollama_bench/cli/driver_options.h"

namespace ollama_bench {

void AddDriverFlags(CLI::App& app, DriverOptions& options) {
  constexpr const char* kGroup = "How it is measured";
  app.add_option("--driver", options.driver,
                 "cli: ollama create and run; api: HTTP alone, for containers and other machines; "
                 "replay: a recording [cli where there is an ollama program, else api]")
      ->check(CLI::IsMember({"cli", "api", "replay"}))
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option("--host", options.host, "Server [OLLAMA_HOST, else 127.0.0.1:11434]")
      ->type_name("HOST:PORT")
      ->group(kGroup);
  app.add_option("--ollama", options.ollama, "Ollama's program")
      ->type_name("PATH")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--model-name", options.temporary_model,
                 "Name of the temporary model [ollama-bench-ID]")
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option("--replay", options.replay,
                 "Results file to answer from, of this program or of the old script")
      ->type_name("FILE")
      ->group(kGroup);
  app.add_option("--replay-noise", options.replay_noise,
                 "Multiply replayed rates by log-normal noise of this size, such as 0.02")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("SIGMA")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--seed", options.seed, "Of everything drawn at random")
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
}

}  // namespace ollama_bench
