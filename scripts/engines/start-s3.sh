#!/usr/bin/env bash
# start-s3.sh [PORT] | stop [PORT]   versitygw: an S3 server on a folder, with conditional writes; built once with Go
# Access key polartest, secret key polartestsecret. Its folder is emptied at each start.
# shellcheck source=scripts/engines/common.sh
. "$(dirname "$0")/common.sh"
begin s3 17070 "$@"
version=1.8.0
bin=$POLAR_CACHE/bin/versitygw-$version
lock versitygw
if is_alive "$run/$name.pid"; then # another start on this port came first: its folder is in use
  echo "$url"
  exit 0
fi
if [ ! -x "$bin" ]; then
  need go
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  say "building versitygw $version (once)"
  GOTOOLCHAIN=${GOTOOLCHAIN:-local} GOBIN=$work nice -n 10 go install "github.com/versity/versitygw/cmd/versitygw@v$version" \
    >"$log/$self-build.log" 2>&1 || cannot "it cannot be built, see $log/$self-build.log"
  mv "$work/versitygw" "$bin"
fi
data=$run/$name.data
rm -rf "$data"
mkdir -p "$data/data" "$data/meta" "$data/versions"
start "$name" "$url/" 60 env ROOT_ACCESS_KEY=polartest ROOT_SECRET_KEY=polartestsecret \
  "$bin" --port "127.0.0.1:$port" --quiet posix --sidecar "$data/meta" --versioning-dir "$data/versions" "$data/data"
unlock
echo "$url"
