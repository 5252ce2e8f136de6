#!/usr/bin/env bash
# From a fresh Debian 12 to a first heatmap: installs what the build needs, builds ollama-bench,
# sweeps a small model on a private Ollama, and draws the result. Run again it resumes where it was.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

results=$PWD/quickstart
program=$PWD/build/release/ollama-bench
mkdir -p "$results" "$cache"
log=$results/quickstart.log
bench_pid=
: >"$log"

# bench ARGUMENT...: beside this script, so that a signal to the script alone ends both.
bench() {
  (trap - INT && exec "$program" "$@") &
  bench_pid=$!
  wait "$bench_pid"
  bench_pid=
}

finish() {
  [ -z "$bench_pid" ] || wait "$bench_pid" || true
  stop_ollama
}
trap finish EXIT
# The terminal sends these two to the sweep as well; it saves, and is waited for.
trap 'exit 130' INT
trap 'exit 129' HUP
trap 'kill "$bench_pid" 2>/dev/null; exit 143' TERM

build() {
  local options=()
  # Tests would want more packages; who has them configured already keeps them.
  [ -e build/release/CMakeCache.txt ] || options=(-DOLLAMA_BENCH_TESTS=OFF)
  cmake --preset release "${options[@]}" && cmake --build --preset release --target ollama_bench
}

get_ollama() {
  ollama=$(command -v ollama || true)
  [ -z "$ollama" ] || return 0
  build_ollama && ollama=$cache/bin/ollama
}

step 'Installing packages' install_packages "${build_packages[@]}"
step 'Building ollama-bench' build
step "Getting Ollama (builds version $ollama_version where there is none: some minutes)" get_ollama
step 'Getting a small model, SmolLM2 135M (93 MB)' get_weights
step 'Starting a private Ollama' start_ollama "$ollama"
step 'Importing the model' import_model "$ollama" smollm2

PATH=$(dirname "$ollama"):$PATH
cd "$results"
printf 'Sweeping num_ctx x num_batch:\n'
bench run --config ../configs/quick.yaml --model smollm2
bench heatmap

cat <<TEXT

The heatmap:   $results/heatmap_highlighted.png
The results:   $results/benchmark_results.json

Your own model, with your own Ollama running (ollama list shows the names):
  $program run --config configs/quick.yaml --model NAME
  $program heatmap
TEXT
