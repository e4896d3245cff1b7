#!/usr/bin/env bash
# Prints a directory of providers (a filesystem mirror) under the names of hashicorp/aws and yandex-cloud/yandex, which
# know the schema that a snapshot file gives them and no cloud: adapters/tofu/testdata/snapshot-provider. Built once.
# Ends with 3 and "CANNOT: …" when it cannot be built here.
. "$(dirname "$0")/common.sh"
source_dir=$(cd "$(dirname "$0")/../../adapters/tofu/testdata/snapshot-provider" && pwd)
platform=linux_$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
stamp=$(cat "$source_dir"/* | sha256sum | cut -c 1-16)
mirror=$POLAR_CACHE/snapshot-providers/$stamp

lock snapshot-providers
if [ ! -d "$mirror" ]; then
  need go "to build the provider with"
  say "building the provider of the snapshots (once)"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/mirror"
  (cd "$source_dir" && GOFLAGS=-mod=readonly GOTOOLCHAIN=${GOTOOLCHAIN:-local} \
    nice -n 10 go build -trimpath -ldflags '-s -w' -o "$work/provider" .) >"$log/snapshot-providers.log" 2>&1 ||
    cannot "the provider of the snapshots does not build here, see $log/snapshot-providers.log"
  for name in hashicorp/aws/6.0.0 yandex-cloud/yandex/0.222.0; do
    dir=$work/mirror/registry.opentofu.org/$name/$platform
    type=$(basename "$(dirname "$name")")
    mkdir -p "$dir"
    cp "$work/provider" "$dir/terraform-provider-${type}_v$(basename "$name")"
  done
  mkdir -p "$(dirname "$mirror")"
  mv "$work/mirror" "$mirror"
fi
unlock
echo "$mirror"
