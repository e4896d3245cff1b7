# shellcheck shell=bash
# Sourced by the scripts beside it: where engines are kept, and how one is started and ended.
# Everything lies under $POLAR_CACHE (default ~/.cache/polar-gosling). An engine that cannot be had here ends the script
# with 3 and "CANNOT: …" on stderr; a started one prints its URL on stdout, listens on loopback only, and is ended by
# the pid it was started with: `start-NAME.sh stop PORT`.
set -euo pipefail

: "${POLAR_CACHE:=$HOME/.cache/polar-gosling}"
case $POLAR_CACHE in /*) ;; *) POLAR_CACHE=$PWD/$POLAR_CACHE ;; esac
run=$POLAR_CACHE/run
log=$POLAR_CACHE/log
mkdir -p "$POLAR_CACHE/bin" "$run" "$log"
self=$(basename "$0" .sh)

say() { printf '%s: %s\n' "$self" "$*" >&2; }
cannot() {
  say "CANNOT: $*"
  exit 3
}
need() { command -v "$1" >/dev/null 2>&1 || cannot "there is no '$1'${2:+ ($2)}"; }

# Two test runs must not build the same thing at once. Released before anything is started: a server must not keep it.
lock() {
  if command -v flock >/dev/null; then
    exec 9>"$POLAR_CACHE/.lock-$1"
    flock 9
  fi
}
unlock() { exec 9>&-; }

is_alive() { [ -f "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# start NAME URL SECONDS COMMAND…   in a session of its own, so that a Ctrl-C in the test run does not reach it
start() {
  local name=$1 url=$2 seconds=$3 pid_file=$run/$1.pid
  shift 3
  (cd "$run" && exec setsid "$@" >"$log/$name.log" 2>&1 </dev/null 9>&-) &
  echo $! >"$pid_file"
  for _ in $(seq $((seconds * 10))); do
    if curl -s -o /dev/null --max-time 2 "$url"; then return 0; fi
    is_alive "$pid_file" || break
    sleep 0.1
  done
  tail -n 20 "$log/$name.log" >&2
  stop "$name"
  cannot "it does not answer at $url, see $log/$name.log"
}

stop() {
  local pid_file=$run/$1.pid
  if is_alive "$pid_file"; then
    kill "$(cat "$pid_file")"
    for _ in $(seq 100); do
      is_alive "$pid_file" || break
      sleep 0.1
    done
    if is_alive "$pid_file"; then kill -9 "$(cat "$pid_file")"; fi
  fi
  rm -f "$pid_file"
}

# maven_jars FOLDER GROUP ARTIFACT VERSION   the jar and all it needs, in FOLDER/lib
maven_jars() {
  [ ! -f "$1/.ok" ] || return 0
  need mvn
  rm -rf "$1"
  mkdir -p "$1"
  cat >"$1/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>polar</groupId><artifactId>engine</artifactId><version>1</version>
  <dependencies><dependency><groupId>$2</groupId><artifactId>$3</artifactId><version>$4</version></dependency></dependencies>
</project>
POM
  say "fetching $3 $4 (once)"
  mvn -q -B -f "$1/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DoutputDirectory="$1/lib" -DincludeScope=runtime >"$log/$self-fetch.log" 2>&1 ||
    cannot "$2:$3:$4 cannot be had, see $log/$self-fetch.log"
  touch "$1/.ok"
}

# Called first by each script: `stop PORT` ends, a running one is told again.
begin() { # begin NAME DEFAULT_PORT "$@"
  local kind=$1 default_port=$2
  shift 2
  if [ "${1:-}" = stop ]; then
    stop "$kind-${2:-$default_port}"
    exit 0
  fi
  port=${1:-$default_port}
  name=$kind-$port
  url=http://127.0.0.1:$port
  if is_alive "$run/$name.pid"; then
    echo "$url"
    exit 0
  fi
}
