import type { Clock, Logger } from '@polar-gosling/kernel';
import type { BlobStore } from '@polar-gosling/ports/blobs';
import type { Store } from '@polar-gosling/ports/store';
import type { TofuCacheKind, TofuCacheResult, TofuEvent, TofuTool } from '@polar-gosling/ports/tofu';
import type { HostEnvironment } from '../environment.ts';
import type { Ledger } from './ledger.ts';
import type { ProviderNeed } from './provider-needs.ts';

export interface ProviderCacheOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  /** https address of a network mirror; `none`: nothing is fetched. Absent: each provider's own registry. */
  readonly mirror?: string | undefined;
  /** Counts what the caches did. */
  onUse?(cache: TofuCacheKind, result: TofuCacheResult): void;
}

/** What a run's `init` finds: its lock file, and the folder that holds just what is locked. */
export interface ReadyProviders {
  readonly lock: string;
  readonly mirror: string;
}

export interface ProviderRequest {
  /** The rendered bundle, its state's place included. */
  readonly files: ReadonlyMap<string, string>;
  readonly tool: TofuTool;
  readonly moduleVersion: string;
  readonly hardEndAt: number;
  onEvent(event: TofuEvent): void;
}

export interface ProviderCacheDeps extends ProviderCacheOptions {
  readonly dataDir: string;
  /** Providers that whoever runs this host put there: a mirror as OpenTofu knows it. */
  readonly hostMirror: string;
  readonly environment: HostEnvironment;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}

/** All that one filling of a folder stands on. */
export interface Filling extends ProviderCacheDeps, ProviderRequest {
  /** Where the folders of lock files are. This one holds its file lock. */
  readonly root: string;
  readonly ledger: Ledger;
  readonly platform: string;
  readonly needs: readonly ProviderNeed[];
  /** What the lock file is kept under. */
  readonly set: string;
  readonly lockSha256: string | undefined;
  use(cache: TofuCacheKind, result: TofuCacheResult): void;
}
