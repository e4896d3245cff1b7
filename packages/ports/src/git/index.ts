import { defineErrors, type Secret } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';

export type { CallOptions } from '../call.ts';

export interface NestFile {
  /** Path inside the Nest, `/`-separated. */
  readonly path: string;
  readonly text: string;
  /** Of a file over 1 MiB: its text is not read, and empty here. */
  readonly sizeBytes?: number;
}

export interface NestRemote {
  /** `https://`, `ssh://` (or `git@host:path`), `file://` only where allowed. */
  readonly url: string;
  /** Absent: the remote's HEAD. */
  readonly branch?: string;
  /** Private key for ssh, OpenSSH format. */
  readonly deployKey?: Secret;
  /** Lines of known_hosts; absent: the host's key is learned at the first contact and kept. */
  readonly knownHosts?: string;
  /** For https: an access token, sent as the password of the user `oauth2`. */
  readonly token?: Secret;
  /** For https: PEM of a private CA. */
  readonly caPem?: string;
}

export interface NestCommit {
  readonly commit: string;
  readonly branch: string;
  readonly committedAt: number;
}

/** Reads a Nest with a local Git that runs nothing of what it reads. */
export interface GitReader {
  /** Brings the branch's newest commit here and names it. Safe to repeat. */
  fetch(remote: NestRemote, options: CallOptions): Promise<NestCommit>;
  /**
   * The `.fly` files of a fetched commit; symbolic links and submodules are left out and named. A file that cannot be
   * read is among them all the same: an Egg that may stand in it is not gone.
   */
  readFlyFiles(
    commit: string,
    options: CallOptions,
  ): Promise<{
    readonly files: readonly NestFile[];
    readonly leftOut: readonly { path: string; reason: string }[];
  }>;
  /** Is `ancestor` in the history of `commit`? `unknown` when one of them is not here. */
  isAncestor(ancestor: string, commit: string, options: CallOptions): Promise<'yes' | 'no' | 'unknown'>;
}

export const gitErrors = defineErrors('GIT', {
  missing: {
    message: () => 'there is no git on PATH (2.30 or newer is needed): install it, then run `gosling doctor`',
    http: 500,
    retry: 'never',
  },
  refusedUrl: {
    message: (p: { reason: string }) => `this Nest URL is refused: ${p.reason}`,
    http: 400,
    retry: 'never',
  },
  unreachable: {
    message: (p: { url: string; reason: string }) => `cannot fetch the Nest from ${p.url}: ${p.reason}`,
    http: 502,
    retry: 'backoff',
  },
  denied: {
    message: (p: { url: string }) =>
      `the Nest at ${p.url} refused our deploy key: add the public key (gosling secret explain deploy-keys/mothergoose-public) to the project's deploy keys`,
    http: 502,
    retry: 'backoff',
  },
  emptyRepository: {
    message: (p: { url: string; branch: string }) =>
      `the Nest at ${p.url} has no commit on ${p.branch} yet: push one`,
    http: 409,
    retry: 'backoff',
  },
  failed: {
    message: (p: { what: string; reason: string }) => `the local git could not ${p.what}: ${p.reason}`,
    http: 500,
    retry: 'backoff',
  },
  tooBig: {
    message: (p: { what: string; limit: string }) => `the Nest is too big: ${p.what}, limit ${p.limit}`,
    http: 413,
    retry: 'never',
  },
});
