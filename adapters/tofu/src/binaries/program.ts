/** What differs between the programs whose versions are managed. */
export interface Program {
  readonly kind: 'tofu' | 'gosling';
  /** As people say it. */
  readonly title: string;
  /** Its GitHub repository, where there is a fixed one. */
  readonly repository?: string;
  /** Prefix of its keys in Blobs. */
  readonly blobs: string;
  /**
   * Who signs its `SHA256SUMS`: the key document is fetched from `url`, and is that key only with this fingerprint.
   */
  readonly signer?: { readonly url: string; readonly fingerprint: string };
}

/**
 * OpenTofu's releases. Fingerprint and address of the key: the installation pages of OpenTofu
 * (https://opentofu.org/docs/intro/install/).
 */
export const tofuProgram: Program = {
  kind: 'tofu',
  title: 'OpenTofu',
  repository: 'opentofu/opentofu',
  blobs: 'tofu-binaries',
  signer: {
    url: 'https://get.opentofu.org/opentofu.asc',
    fingerprint: 'E3E6E43D84CB852EADB0051D0C0AF313E5FD9F80',
  },
};

/** Our own agent. Its repository is named by whoever installs it. */
export const goslingProgram: Program = { kind: 'gosling', title: 'gosling', blobs: 'gosling-binaries' };

/** `tofu`, or `tofu.exe` on Windows. */
export function fileNameOf(program: Program, platform: string): string {
  return platform.startsWith('windows_') ? `${program.kind}.exe` : program.kind;
}
