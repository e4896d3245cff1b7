import type { CallOptions } from '../call.ts';
import type { BinarySource } from './binary-source.ts';

export type { CallOptions } from '../call.ts';
export type { BinarySource, BinarySourceBy, SourceAuth } from './binary-source.ts';
export { binaryErrors } from './errors.ts';
export {
  type BinaryRequestProblem,
  binaryPlatforms,
  binaryRequestProblem,
  binarySecretProblem,
  isVersion,
} from './request-problem.ts';

/** One binary that was fetched, verified and kept. */
export interface KeptBinary {
  readonly version: string;
  /** `{os}_{arch}` in the words of Go: `linux_amd64`. */
  readonly platform: string;
  readonly source: BinarySource['kind'];
  /** Of the binary itself, not of its archive. */
  readonly sha256: string;
  /** What its checksum was proved by. */
  readonly provedBy: 'signature' | 'checksum';
}

/** A version may be here in several builds, each with bytes of its own. */
export type Build = Pick<KeptBinary, 'version' | 'sha256'>;

export interface FetchProgress {
  readonly receivedBytes: number;
  readonly totalBytes: number | undefined;
}

/** Versions of one program (`tofu`, `gosling`): fetches, keeps in Blobs, brings to this host. */
export interface Binaries {
  /** This host, in the words of the releases. */
  readonly platform: string;
  /** Versions that a source offers for some platform, newest first. Fails with BINARY_DOWNLOAD, BINARY_BAD_REQUEST. */
  available(source: BinarySource, options: CallOptions): Promise<readonly string[]>;
  /**
   * Fetches one version, verifies and unpacks it, puts it into Blobs and, where it is of this platform, on this host;
   * other builds of that version stay as they are.
   * Nothing stays of one that fails: BINARY_DOWNLOAD, BINARY_CHECKSUM, BINARY_SIGNATURE, BINARY_UNWRITABLE. Safe to repeat.
   */
  install(
    request: { readonly version: string; readonly platform?: string; readonly source: BinarySource },
    options: CallOptions & { onProgress?(progress: FetchProgress): void },
  ): Promise<KeptBinary>;
  /**
   * Path of one on this host, brought from Blobs and compared with its SHA-256 where it is not here yet. `undefined`:
   * neither here nor there.
   */
  ensure(build: Build, options: CallOptions): Promise<string | undefined>;
  /** The bytes of any platform's binary, compared with its SHA-256. */
  read(
    binary: Pick<KeptBinary, 'version' | 'platform' | 'sha256'>,
    options: CallOptions,
  ): Promise<Uint8Array | undefined>;
  /** Makes one that is here the one that is run on this host. Fails with BINARY_UNKNOWN_VERSION. */
  use(build: Build, options: CallOptions): Promise<void>;
  /**
   * Removes from this host what processes that were killed left, and builds other than these that nobody has used
   * for 7 days; never the one that is run, or the one that the product is pinned to. Safe to repeat.
   */
  tidy(builds: readonly Build[], options: CallOptions): Promise<void>;
}
