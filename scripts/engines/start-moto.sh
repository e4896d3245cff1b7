#!/usr/bin/env bash
# start-moto.sh [PORT] | stop [PORT]   moto: most of AWS's control plane, in memory (Secrets Manager, EC2, …); needs Python 3
# shellcheck source=scripts/engines/common.sh
. "$(dirname "$0")/common.sh"
begin moto 15000 "$@"
version=5.2.5
home=$POLAR_CACHE/moto-$version
need python3
lock moto
if [ ! -f "$home/.ok" ]; then
  rm -rf "$home"
  say "installing moto $version (once)"
  { python3 -m venv "$home" && "$home/bin/pip" install -q "moto[server]==$version"; } >"$log/$self-install.log" 2>&1 ||
    cannot "moto $version cannot be installed, see $log/$self-install.log"
  touch "$home/.ok"
fi
unlock
# Without the default machine images the first EC2 call takes no seconds.
start "$name" "$url/moto-api/data.json" 90 env MOTO_EC2_LOAD_DEFAULT_AMIS=false MOTO_ENABLE_ISO_REGIONS=false \
  "$home/bin/moto_server" -H 127.0.0.1 -p "$port"
echo "$url"
