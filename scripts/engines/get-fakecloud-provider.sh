#!/usr/bin/env bash
# Prints a directory of providers (a filesystem mirror) with polar.test/polar/fakecloud 0.1.0 and 0.2.0, which are the
# same: machines of a cloud that a test serves over HTTP, adapters/tofu/testdata/fakecloud-provider. Built once.
# Ends with 3 and "CANNOT: …" when it cannot be built here.
. "$(dirname "$0")/common.sh"
source_dir=$(cd "$(dirname "$0")/../../adapters/tofu/testdata/fakecloud-provider" && pwd)
platform=linux_$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
stamp=$(cat "$source_dir"/* | sha256sum | cut -c 1-16)
mirror=$POLAR_CACHE/fakecloud-provider/$stamp

lock fakecloud-provider
if [ ! -d "$mirror" ]; then
  need go "to build the provider with"
  say "building the provider of the fake cloud (once)"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$source_dir" && GOFLAGS=-mod=readonly GOTOOLCHAIN=${GOTOOLCHAIN:-local} \
    nice -n 10 go build -trimpath -ldflags '-s -w' -o "$work/provider" .) >"$log/fakecloud-provider.log" 2>&1 ||
    cannot "the provider of the fake cloud does not build here, see $log/fakecloud-provider.log"
  for version in 0.1.0 0.2.0; do
    dir=$work/mirror/polar.test/polar/fakecloud/$version/$platform
    mkdir -p "$dir"
    cp "$work/provider" "$dir/terraform-provider-fakecloud_v$version"
  done
  mkdir -p "$(dirname "$mirror")"
  mv "$work/mirror" "$mirror"
fi
unlock
echo "$mirror"
