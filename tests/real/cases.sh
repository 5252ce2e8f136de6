#!/usr/bin/env bash
# Runs every case of a folder with the built program and both Ollamas, and compares what it prints
# with tests/real/cases/NAME.expected: lines `want REGEX` (some line must match) and `never REGEX`
# (none may), as grep -E reads them; other lines are comments. A case without such a file fails.
#   tests/real/cases.sh [FOLDER]        FOLDER: ../shared/cases beside the checkout
# The program is $OLLAMA_BENCH_PROGRAM, else build/release/ollama-bench; the Ollamas and the weights
# are those of the other tests here. 77: there is nothing to run, or nothing to run it with.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

folder=${1:-$root/../shared/cases}
expected=$root/tests/real/cases
limit=300 # seconds for one case

skip() {
  printf 'SKIPPED: %s\n' "$1"
  exit 77
}

[ -d "$folder" ] || skip "there is no folder of cases at $folder"
export BENCH=${OLLAMA_BENCH_PROGRAM:-$root/build/release/ollama-bench}
export OLLAMA_OLD=${OLLAMA_BENCH_REAL_OLLAMA:-$cache/bin/ollama}
export OLLAMA_NEW=${OLLAMA_BENCH_REAL_NEW_OLLAMA:-$cache/new/bin/ollama}
export GGUF=${OLLAMA_BENCH_REAL_GGUF:-$cache/$weights_file}
for file in "$BENCH" "$OLLAMA_OLD" "$OLLAMA_NEW" "$GGUF"; do
  [ -f "$file" ] || skip "there is no $file (./test.sh sets it up)"
done

# A case may write into its own folder.
work=$(mktemp -d)
case_pid=
finish() {
  # The case ends what it has started.
  [ -z "$case_pid" ] || { kill "$case_pid" && wait "$case_pid"; } 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cp -r "$folder" "$work/cases" && chmod -R u+w "$work/cases" || exit 1

# Lines stay whole for grep, whatever the width of this terminal.
unset COLUMNS NO_COLOR OLLAMA_HOST
export TERM=dumb

# check NAME OUTPUT: prints what is wrong, a line each.
check() {
  local kind pattern
  if [ ! -f "$expected/$1.expected" ]; then
    printf 'there is no %s\n' "tests/real/cases/$1.expected"
    return
  fi
  while read -r kind pattern; do
    case $kind in
      want) grep -aqE -e "$pattern" "$2" || printf 'no line matches: %s\n' "$pattern" ;;
      never) grep -aE -e "$pattern" "$2" | sed "s|^|must not be there: |" | head -n 3 ;;
    esac
  done <"$expected/$1.expected"
}

failed=0 count=0
for run in "$work"/cases/*/run.sh; do
  [ -f "$run" ] || continue
  name=$(basename "$(dirname "$run")")
  output=$work/$name.txt
  start=$SECONDS
  (cd "$(dirname "$run")" && exec timeout -k 10 "$limit" bash ./run.sh) >"$output" 2>&1 </dev/null &
  case_pid=$!
  wait "$case_pid"
  status=$?
  case_pid=
  wrong=$(check "$name" "$output")
  [ "$status" -ne 124 ] || wrong=$(printf 'ran past %s s\n%s' "$limit" "$wrong")
  count=$((count + 1))
  if [ -z "$wrong" ]; then
    printf 'ok      %s (%s s)\n' "$name" $((SECONDS - start))
  else
    failed=$((failed + 1))
    printf 'FAILED  %s (%s s)\n' "$name" $((SECONDS - start))
    printf '%s\n' "$wrong" | sed 's/^/    /'
    sed 's/^/    | /' "$output"
  fi
done
[ "$count" -gt 0 ] || skip "no case is in $folder"
printf '%s of %s cases as expected, %s s\n' $((count - failed)) "$count" "$SECONDS"
[ "$failed" -eq 0 ]
