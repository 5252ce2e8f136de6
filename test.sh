#!/usr/bin/env bash
# Installs what the tests need, builds, and runs all tests but the long ones; `./test.sh long` runs
# those. With CI set, every test must run but those against the newest Ollama, and those against another
# version of the program (OLLAMA_BENCH_BEFORE=PROGRAM): a skipped one is a failure.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

mkdir -p build "$cache"
log=$PWD/build/test.log
: >"$log"
jobs=$(nproc)
ci=${CI:-}
fuzz_seconds=10
[ -z "$ci" ] || fuzz_seconds=30

usage() {
  printf 'usage: ./test.sh [long]\n' >&2
  exit 2
}

check_scripts() {
  shellcheck -x -a quickstart.sh test.sh .ci/run && shellcheck -x tests/real/cases.sh
}

# The style file is written for the version that Debian 12 has; others differ in details.
check_format() {
  find . -name build -prune -o \( -name '*.h' -o -name '*.cpp' \) \
    -exec clang-format --dry-run --Werror {} +
}

has_clang_format() {
  command -v clang-format >/dev/null && clang-format --version | grep -q 'version 14\.'
}

build() {
  cmake --preset release -DOLLAMA_BENCH_TESTS=ON && cmake --build --preset release -j "$jobs"
}

# The program, the unit tests and the fuzzers; the tests that run the program are those built before.
build_sanitized() {
  cmake --preset sanitize -DOLLAMA_BENCH_TESTS=ON -DOLLAMA_BENCH_FUZZ_SECONDS=$fuzz_seconds &&
    cmake --build --preset sanitize -j "$jobs" --target ollama_bench unit_tests fuzz_programs
}

# Tests of the stand-in, of an installation and of statistics would say the same again.
test_sanitized_program() {
  OLLAMA_BENCH_PROGRAM=$PWD/build/sanitize/ollama-bench ctest --preset release -j "$jobs" \
    -L program -LE long -E '^(program\.(stand_in|install)|statistics)'
}

# Whether there is a clang with libFuzzer.
has_fuzzer() {
  local program
  program=$(mktemp) || return
  printf 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    clang++ -fsanitize=fuzzer -x c++ - -o "$program" 2>>"$log"
  local status=$?
  rm -f "$program"
  return "$status"
}

get_real_ollama() {
  build_ollama && get_weights
}

# Sets up the real Ollama; without the network the tests against it are left out, but not in CI.
prepare_real_ollama() {
  if [ -n "$ci" ]; then
    step "Getting Ollama $ollama_version and a model" get_real_ollama
  else
    local began=$SECONDS
    printf 'Getting Ollama %s and a model ... ' "$ollama_version"
    if ! get_real_ollama >>"$log" 2>&1 </dev/null; then
      printf 'FAILED, see %s\n' "$log"
      return
    fi
    done_since "$began"
  fi
  export OLLAMA_BENCH_REAL_OLLAMA=$cache/bin/ollama OLLAMA_BENCH_REAL_GGUF=$cache/$weights_file
  prepare_new_ollama
}

# The newest generation needs more of the network than others may have, so that the tests against it
# may be left out everywhere.
prepare_new_ollama() {
  local began=$SECONDS
  printf 'Getting Ollama %s and llama-server ... ' "$new_ollama_version"
  if ! build_new_ollama >>"$log" 2>&1 </dev/null; then
    printf 'FAILED, see %s\nSKIPPED: the tests against Ollama %s\n' "$log" "$new_ollama_version"
    return
  fi
  done_since "$began"
  export OLLAMA_BENCH_REAL_NEW_OLLAMA=$cache/new/bin/ollama
}

# The check of the dashboard's schema; without the network its test is left out, but not in CI.
prepare_dashboard_check() {
  if [ -n "$ci" ]; then
    step 'Building the check of dashboards' build_dashboard_check tests/database/dashboard_check
  elif ! build_dashboard_check tests/database/dashboard_check >>"$log" 2>&1 </dev/null; then
    printf 'SKIPPED: the check of dashboards, see %s\n' "$log"
    return
  fi
  export OLLAMA_BENCH_DASHBOARD_CHECK=$cache/bin/dashboard_check
}

# run_tests ARGUMENT...: ctest's progress, then why tests were skipped, then its summary.
run_tests() {
  local output=build/ctest.log status=0 skipped optional
  ctest --preset release -j "$jobs" "$@" 2>&1 | tee "$output" | sed '/% tests passed/,$d; /^ *Start /d' ||
    status=$?
  skipped=$(grep -c '\*\*\*\(Skipped\|Not Run\)' "$output" || true)
  if [ "$skipped" -gt 0 ]; then
    printf 'Skipped, and why:\n'
    grep -h -A 1 -e '^SKIPPED' -e ': Skipped$' build/release/Testing/Temporary/LastTest.log |
      sed '/^<end of output>/d; /^--$/d; s/^/    /' || true
    optional=$(grep -c -e ' real_\(new\|cases\) \.*\*\*\*Skipped' -e 'BeforeTest\..*\*\*\*Skipped' "$output" || true)
    [ -z "$ci" ] || [ "$skipped" -eq "$optional" ] || status=1
  fi
  sed -n '/% tests passed/,$p' "$output"
  return "$status"
}

selection=(-LE long)
case ${1:-} in
  '') ;;
  long) selection=(-L long) ;;
  *) usage ;;
esac

packages=("${build_packages[@]}" libgtest-dev libgmock-dev strace python3-scipy
  postgresql-15 prometheus chromium)
[ -z "$ci" ] || packages+=(clang-format shellcheck)
[ "${selection[0]}" = -L ] || packages+=(clang libclang-rt-14-dev)
step 'Installing packages' install_packages "${packages[@]}"
if command -v shellcheck >/dev/null; then step 'Checking the scripts' check_scripts; fi
if has_clang_format; then step 'Checking the format' check_format; fi
step 'Building' build
prepare_real_ollama
prepare_dashboard_check
if [ "${selection[0]}" = -LE ]; then
  if [ -n "$ci" ] || has_fuzzer; then
    step 'Building with sanitizers' build_sanitized
    step 'Running the unit tests with sanitizers' ctest --preset sanitize -j "$jobs" -L unit -LE long
    step 'Running the program with sanitizers' test_sanitized_program
    step "Fuzzing every parser for $fuzz_seconds s" ctest --preset fuzz -j "$jobs"
  else
    printf 'Neither sanitized nor fuzzed: that needs clang with libFuzzer (libclang-rt-14-dev).\n'
  fi
fi
run_tests "${selection[@]}"
