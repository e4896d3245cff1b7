#!/usr/bin/env bash
# Prints the path of a real OpenTofu to test with. Builds it once, as a Go program, into $POLAR_CACHE
# (default ~/.cache/polar-gosling): 3 to 11 minutes on 2 cores, 2 GiB of memory.
#   POLAR_TOFU=/path/to/tofu   use this one
# Ends with 3 and "CANNOT: …" when there is none to be had here.
set -euo pipefail

version=${POLAR_TOFU_VERSION:-1.12.6}
cache=${POLAR_CACHE:-$HOME/.cache/polar-gosling}
module=github.com/opentofu/opentofu
out=$cache/bin/tofu-$version

say() { printf 'get-tofu: %s\n' "$*" >&2; }
cannot() {
  say "CANNOT: $*"
  exit 3
}

# Runs it without the user's own CLI configuration.
says_version() { env -u TF_CLI_CONFIG_FILE CHECKPOINT_DISABLE=1 "$1" version 2>/dev/null | head -n 1; }

# The module cannot be installed by `go install module@version`: that refuses modules with replace lines. So a
# throw-away module that repeats them builds it.
write_go_mod() { # write_go_mod GO_MOD_OF_OPENTOFU
  echo 'module polar.invalid/get-tofu'
  grep -m 1 '^go [0-9]' "$1"
  echo "require $module v$version"
  awk '/^replace[ \t]*\(/ { block = 1; next }
       block && /^\)/ { block = 0 }
       /=> \./ { next }
       block && /=>/ { print "replace " $0 }
       /^replace .*=>/ { print }' "$1"
}

if [ -n "${POLAR_TOFU:-}" ]; then
  [ -x "$POLAR_TOFU" ] || cannot "POLAR_TOFU=$POLAR_TOFU is not executable"
  echo "$POLAR_TOFU"
  exit 0
fi
if command -v tofu >/dev/null && [ "$(says_version tofu)" = "OpenTofu v$version" ]; then
  command -v tofu
  exit 0
fi

mkdir -p "$cache/bin" "$cache/log"
if command -v flock >/dev/null; then
  exec 9>"$cache/.lock-tofu" # two test runs must not build it at once
  flock 9
fi
if [ ! -x "$out" ]; then
  command -v go >/dev/null || cannot "there is no 'go' to build OpenTofu with"
  export GOFLAGS=-mod=mod GOTOOLCHAIN=${GOTOOLCHAIN:-local}
  go_mod=$(go mod download -json "$module@v$version" 2>/dev/null | sed -n 's/^\t"GoMod": "\(.*\)",*$/\1/p') || true
  [ -n "$go_mod" ] || cannot "the Go module $module@v$version cannot be had"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  write_go_mod "$go_mod" >"$work/go.mod"
  say "building OpenTofu $version (once)"
  log=$cache/log/get-tofu.log
  (cd "$work" && nice -n 10 go build -trimpath -ldflags "-s -w -X $module/version.dev=no" -o "$work/tofu" "$module/cmd/tofu") \
    >"$log" 2>&1 9>&- || cannot "the build failed, see $log"
  [ "$(says_version "$work/tofu")" = "OpenTofu v$version" ] || cannot "what was built does not say it is $version"
  mv "$work/tofu" "$out"
fi
echo "$out"
