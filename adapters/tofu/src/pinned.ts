/**
 * The OpenTofu that is fetched where there is none. SHA-256 of the release's `tar.gz` files: each was found equal in
 * at least two independent public places that name it (a vendoring script and a Nix flake with all four; more for
 * linux/amd64 and linux/arm64). The release's own signature was not checked by us.
 */
export const pinnedTofu = {
  version: '1.12.6',
  base: 'https://github.com/opentofu/opentofu/releases/download',
  sha256: {
    linux_amd64: '50a6106fa4de523d09c87af85f3db1dd47535fc005727fdca6852146476b88ec',
    linux_arm64: '9bd0228a81bcd0c88f7045c74378f45a815779f19897191dff7d9efba9976b9e',
    darwin_amd64: '44bb1855f372f17f365fb94517906e78da5001da10f4c98de57a39bf982f3a92',
    darwin_arm64: 'f958ec5e511063be9feb180ca015a4cb7977566a9cf6a8550bba8c2a9b5aba74',
  },
} as const;

/** A release as it is fetched: version, base address and SHA-256 by `{os}_{arch}`. */
export interface TofuRelease {
  readonly version: string;
  readonly base: string;
  readonly sha256: Readonly<Record<string, string>>;
}

/** `{os}_{arch}` in the words of OpenTofu's releases. */
export function releasePlatform(platform: string, arch: string): string {
  const arches: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
  return `${platform === 'win32' ? 'windows' : platform}_${arches[arch] ?? arch}`;
}
