#!/usr/bin/env bash
# start-dockerd.sh [ID] | stop [ID]   a Docker Engine of its own: unix socket, data and pid under $POLAR_CACHE/run
# Prints unix://SOCKET. Needs root and a dockerd that is installed (Debian: docker.io). It has no bridge and touches no
# firewall, so that it stands beside another one: containers have the host's network or none.
# shellcheck source=scripts/engines/common.sh
. "$(dirname "$0")/common.sh"
id=${1:-0}
[ "$id" != stop ] || id=${2:-0}
name=docker-$id
data=$run/$name.data
socket=$run/$name.sock

# Its own pid file tells the daemon itself; what it mounted goes with it.
if [ "${1:-}" = stop ]; then
  stop "$name"
  umount "$data"/exec/netns/* 2>/dev/null || true
  rm -rf "$socket" "$data"
  exit 0
fi
ask() { curl -s --max-time 5 --unix-socket "$socket" "http://docker/_ping"; }
if is_alive "$run/$name.pid" && [ "$(ask)" = OK ]; then
  echo "unix://$socket"
  exit 0
fi
[ "$(id -u)" = 0 ] || cannot "it needs root"
need dockerd "Debian: apt-get install docker.io"
need containerd
rm -rf "$socket" "$data"
mkdir -p "$data"
(cd "$run" && exec setsid dockerd --data-root "$data/root" --exec-root "$data/exec" --pidfile "$data/dockerd.pid" \
  --host "unix://$socket" --bridge none --iptables=false --ip6tables=false --log-level warn \
  >"$log/$name.log" 2>&1 </dev/null) &
echo $! >"$run/$name.pid"
for _ in $(seq 300); do
  if [ "$(ask)" = OK ]; then
    echo "unix://$socket"
    exit 0
  fi
  is_alive "$run/$name.pid" || break
  sleep 0.1
done
tail -n 20 "$log/$name.log" >&2
stop "$name"
cannot "dockerd does not come up here, see $log/$name.log"
