#!/bin/sh
# Fetches the agent of this machine and takes no other than the one whose SHA-256 it was told. Started by systemd with
# GOSLING_URL, RUNNER_ID, AGENT_SHA256 and AGENT_ARCH. The one-time token is not used up by this, and is in no argument.
set -eu
umask 022
token_file=${TOKEN_FILE:-/etc/gosling/bootstrap-token}
target=${AGENT_PATH:-/usr/local/bin/gosling}

is_it() { [ -f "$1" ] && echo "$AGENT_SHA256  $1" | sha256sum --check --status; }
if is_it "$target"; then exit 0; fi

new=$(mktemp "$target.XXXXXX")
trap 'rm -f "$new"' EXIT
token=$(cat "$token_file")
retry='--retry 5 --retry-all-errors --retry-max-time 240 --connect-timeout 10 --max-time 300'

# A redirect goes to another host, which must not get the token: it is followed by a request of its own.
# shellcheck disable=SC2086 # several words
redirect=$(printf 'header = "authorization: Bearer %s"\nheader = "x-gosling-token: %s"\n' "$token" "$token" |
  curl --config - --silent --show-error --fail --proto '=https' --tlsv1.3 $retry --output "$new" \
    --write-out '%{redirect_url}' "$GOSLING_URL/runners/$RUNNER_ID/gosling?os=linux&arch=$AGENT_ARCH")
if [ -n "$redirect" ]; then
  # shellcheck disable=SC2086 # several words
  curl --silent --show-error --fail --proto '=https' --tlsv1.2 $retry --output "$new" "$redirect"
fi

if ! is_it "$new"; then
  echo "gosling-fetch: what came is not the agent that was named (SHA-256 differs)" >&2
  exit 1
fi
chmod 0755 "$new"
mv -f "$new" "$target"
