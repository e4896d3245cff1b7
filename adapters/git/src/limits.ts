/** Ends of what one Nest may cost us. */
export interface GitLimits {
  /** `.fly` files of one commit. */
  readonly maxFiles: number;
  /** All `.fly` files of one commit together. */
  readonly maxTotalBytes: number;
  /** One `.fly` file; bigger ones are left out and named. */
  readonly maxFileBytes: number;
  /** Entries of one commit's whole tree, `.fly` or not. */
  readonly maxTreeEntries: number;
  /** The local repository on disk. */
  readonly maxDiskBytes: number;
  /** One fetch, from the first packet to the last. */
  readonly fetchTimeoutMs: number;
  /** One local command. */
  readonly localTimeoutMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: GitLimits = {
  maxFiles: 10_000,
  maxTotalBytes: 64 * mebibyte,
  maxFileBytes: mebibyte,
  maxTreeEntries: 1_000_000,
  maxDiskBytes: 1024 * mebibyte,
  fetchTimeoutMs: 300_000,
  localTimeoutMs: 60_000,
};
