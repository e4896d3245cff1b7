#!/usr/bin/env bash
# make-runner-image.sh SOCKET   the image gosling-test-runner:1 in the Docker Engine at that unix socket, made of this
# host's own programs and what they link to: shell, core tools, Git. No registry is asked.
# shellcheck source=scripts/engines/common.sh
. "$(dirname "$0")/common.sh"
socket=${1:?SOCKET}
image=gosling-test-runner
api() { curl -s --fail-with-body --max-time 120 --unix-socket "$socket" "$@"; }
if api "http://docker/images/$image:1/json" >/dev/null 2>&1; then
  echo "$image:1"
  exit 0
fi
need ldd
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
names='sh bash env id cat ls mkdir rm sleep sed grep tr cut head tail date uname sort stat touch true useradd git kill ps hostname readlink dirname basename chmod chown mktemp mv cp wc'
mkdir -p "$tree"/{usr/bin,usr/sbin,usr/lib,etc,tmp,var/tmp,root,proc,dev,run}
chmod 1777 "$tree/tmp" "$tree/var/tmp"
for link in bin sbin lib lib64; do
  if [ -L "/$link" ]; then ln -s "$(readlink "/$link")" "$tree/$link" && mkdir -p "$tree/$(readlink "/$link")"; fi
done
take() { # the file, where it is and what it links to
  [ -e "$tree$1" ] || cp -L --parents "$1" "$tree"
  { ldd "$1" 2>/dev/null | grep -o '/[^ ]*' || true; } | while read -r library; do
    [ -e "$tree$library" ] || cp -L --parents "$library" "$tree"
  done
}
for name in $names; do
  path=$(type -P "$name") || continue
  take "$(readlink -f "$(dirname "$path")")/$name"
done
# What the host's Node needs: it is mounted into each container.
for library in libstdc++.so.6 libgcc_s.so.1 libdl.so.2 libm.so.6 libpthread.so.0 libc.so.6 libatomic.so.1 libnss_files.so.2; do
  found=$(ldconfig -p | awk -v name="$library" '$1 == name && !found++ { print $NF }')
  if [ -n "$found" ] && [ ! -e "$tree$found" ]; then cp -L --parents "$found" "$tree"; fi
done
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$tree/etc/passwd"
printf 'root:x:0:\n' >"$tree/etc/group"
printf 'root:*:19000:0:99999:7:::\n' >"$tree/etc/shadow"
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n' >"$tree/etc/nsswitch.conf"
touch "$tree/etc/login.defs"
tar -C "$tree" --numeric-owner --owner 0 --group 0 -c . |
  api -X POST -H 'content-type: application/x-tar' --data-binary @- \
    "http://docker/images/create?fromSrc=-&repo=$image&tag=1" >"$log/$self.log" || cannot "it cannot be made, see $log/$self.log"
echo "$image:1"
