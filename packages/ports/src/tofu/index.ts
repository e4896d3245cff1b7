import { defineErrors } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';
import type { Machine } from '../machines/index.ts';
import type { BundleFiles } from './bundle.ts';

export type { RunnerEntry } from '@polar-gosling/domain';
export type { CallOptions } from '../call.ts';
export { type BundleFiles, packBundle, unpackBundle } from './bundle.ts';

/** What one run wants: the entries that shall exist in one shard of one Egg. */
export interface TofuWanted {
  readonly egg: string;
  readonly shard: number;
  readonly provider: 'local' | 'aws' | 'yandex';
  /** Where the shard's machines are, those included that are wanted no more; empty where `files` say it. */
  readonly region: string;
  /** Texts of entries by runner id, as stored. */
  readonly entries: ReadonlyMap<string, string>;
  /** Those of them whose machines are there: what these are made of is not looked up again. */
  readonly living?: ReadonlySet<string>;
  /**
   * A long-lived set of resources in the place of runners (`entries` is empty then): all its files but those that say
   * where its state lies and where its providers come from (`versions.tf`, `providers.tf`, `tofu.rc`).
   */
  readonly files?: BundleFiles;
}

/** The binary in use. */
export interface TofuTool {
  readonly path: string;
  readonly product: 'opentofu' | 'terraform';
  readonly version: string;
  readonly sha256: string;
  /** Where it came from: `GOSLING_TOFU_BIN`, `managed`, `PATH`. */
  readonly source: string;
}

export interface PlanChange {
  readonly address: string;
  /** Runner id when the address is one of ours. */
  readonly runnerId?: string;
  /** As OpenTofu says: `create`, `delete`, `no-op`, `read`, `update`, or pairs of them. */
  readonly actions: readonly string[];
}

/** What became of one `check` of a bundle. Checks never fail a run. */
export interface TofuCheck {
  readonly name: string;
  /** `error`: what it looks at could not be seen. */
  readonly status: 'pass' | 'fail' | 'error' | 'unknown';
  readonly problems: readonly string[];
}

/** A serverless runner that OpenTofu only recorded: the container that is to be invoked for it. */
export interface TofuStart {
  readonly runnerId: string;
  readonly container: { readonly id: string; readonly url: string };
}

export interface TofuPlan {
  /** Runners of whose machines the cloud knows no part, though the state did. Only where it was refreshed. */
  readonly gone?: readonly string[];
  readonly changes: readonly PlanChange[];
  readonly hasChanges: boolean;
  readonly summary: { readonly add: number; readonly change: number; readonly destroy: number };
  /** Serverless runners that the state has a record of, each with the container that is to be invoked for it. */
  readonly starts?: readonly TofuStart[];
  /** As the cloud is before the apply; `unknown` where only the apply will tell. */
  readonly checks?: readonly TofuCheck[];
  /** `show -json`, redacted: no sensitive value, no variable value. */
  readonly redacted: unknown;
  readonly lineage?: string;
  readonly serial?: number;
}

/** Progress of one run, one line each. */
export interface TofuEvent {
  readonly kind: 'stage' | 'resource' | 'diagnostic' | 'log';
  readonly message: string;
  readonly address?: string;
  readonly severity?: 'error' | 'warning';
}

export type TofuOutcome =
  | {
      readonly kind: 'ok';
      readonly serial?: number;
      readonly lineage?: string;
      readonly applied: readonly string[];
      readonly removed: readonly string[];
      /** As the cloud is after it. */
      readonly checks?: readonly TofuCheck[];
      /** All of the shard's serverless runners that need it, not only the new ones. */
      readonly starts?: readonly TofuStart[];
    }
  /** It ended by itself, without all it should do. `applied`/`removed`: addresses that it did complete. */
  | {
      readonly kind: 'failed';
      readonly class: 'retryable' | 'fallback' | 'quota' | 'denied' | 'fatal';
      readonly summary: string;
      readonly detail: string;
      readonly applied: readonly string[];
      readonly removed: readonly string[];
    }
  /** It was ended (signal, hard end, lease lost): what it did is not known. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** One run in its own directory: plan, look, apply. Methods are called at most once each, in this order. */
export interface TofuRun {
  readonly pid: number | undefined;
  /** The rendered bundle as it may be kept: without one-time tokens and whatever else is secret. */
  bundle?(): BundleFiles;
  /**
   * Tells the state of machines that exist and that it does not know, under their runners' addresses (which are in the
   * wanted map). Safe to repeat: what the state has stays. Fails with TOFU_PLAN_FAILED, TOFU_LOCKED.
   */
  adopt?(strays: readonly Machine[], options: CallOptions): Promise<void>;
  /** init + plan + show. Fails with TOFU_PLAN_FAILED, TOFU_LOCKED, TOFU_STATE_UNREADABLE. */
  plan(options: CallOptions): Promise<TofuPlan>;
  /**
   * The plan, to be applied later (`savedPlan`) by the same version of OpenTofu while serial and lineage are as they
   * were. `undefined` where OpenTofu does not encrypt it: it holds every value.
   */
  savedPlan?(): Promise<Uint8Array | undefined>;
  /** Applies that very plan. `signal` = one SIGINT, then patience until the hard end. Never throws for a failed apply. */
  apply(options: CallOptions): Promise<TofuOutcome>;
  /** Addresses (and their runner ids) now in the state. */
  stateList(options: CallOptions): Promise<readonly string[]>;
  /** Log of the whole run so far, masked: JSON lines. */
  log(): Uint8Array;
  /** Wipes the directory. Always called. */
  dispose(): Promise<void>;
}

export interface TofuRunRequest {
  readonly runId: string;
  readonly wanted: TofuWanted;
  /** Without it the plan asks the cloud about every machine of the state; `false`: the state is taken at its word. */
  readonly refresh?: false;
  /** A plan of an earlier run: `plan` looks at it, `apply` applies it, and nothing is planned. */
  readonly savedPlan?: Uint8Array;
  /** Wall clock ms; the wrapper and a parent timeout end it then. */
  readonly hardEndAt: number;
  onEvent(event: TofuEvent): void;
  /** Told of each process that was started, so that the run row names it. */
  onProcess(pid: number): void;
}

/** `providers`: their packages and lock files. `modules`: what `init` made of bundles, so that a run needs none. */
export type TofuCacheKind = 'providers' | 'modules';

/**
 * What a cache did for a run: `hit`, nothing had to be done; `filled`, brought here without any network but Blobs;
 * `miss`, made or fetched anew; `corrupt`, what lay in Blobs was not what was put there and was not used; `failed`, the
 * cache itself could not be read or written.
 */
export type TofuCacheResult = 'hit' | 'filled' | 'miss' | 'corrupt' | 'failed';

/** Drives OpenTofu. */
export interface Tofu {
  /** The binary in use. Fails with TOFU_MISSING, which says what to do. */
  tool(options: CallOptions): Promise<TofuTool>;
  /** Renders the bundle into a new directory. */
  open(request: TofuRunRequest, options: CallOptions): Promise<TofuRun>;
  /**
   * Ends what an earlier holder may have left: its process (only on this host and boot, and only if it is that process),
   * then its state lock. `alive`: it may still run and cannot be ended from here before its hard end.
   */
  settle(
    left: {
      runId: string;
      egg: string;
      shard: number;
      host: string;
      /** Absent in rows of earlier releases. */
      hostId?: string | undefined;
      bootId: string;
      pid: number | undefined;
      hardEndAt: number;
    },
    options: CallOptions,
  ): Promise<'settled' | 'alive'>;
  /**
   * Removes a machine of this host that no state knows: OpenTofu writes its state some time after it made something,
   * so one that was killed may leave such. Whether it is one is for the caller to prove. Safe to repeat. Only where
   * machines are this host's own. Fails with TOFU_APPLY_FAILED.
   */
  removeStray?(runnerId: string, options: CallOptions): Promise<void>;
  /**
   * Throws away what is kept of providers or of prepared modules, on all hosts; answers how many things it was. The
   * next run of each host fetches or prepares anew. Safe to repeat.
   */
  clearCache(kind: TofuCacheKind, options: CallOptions): Promise<number>;
  /**
   * Takes the memory that one run needs; `undefined`: there is none now, try again later. Removals leave room for a
   * launch. Call what it answers when the run is over. Absent: nothing limits runs.
   */
  reserve?(run: {
    readonly provider: TofuWanted['provider'];
    readonly isRemoval: boolean;
  }): (() => void) | undefined;
  /** Address of a runner in the bundle. */
  addressOf(runnerId: string): string;
  /** Addresses of what runners share and is none of them: it comes and goes, and never changes. */
  readonly sharedAddresses?: readonly string[];
  /** What goes into run rows: two hosts may have one name, as it stands in locks, and none have one id. */
  readonly host: { readonly name: string; readonly id: string; readonly bootId: string };
}

export const tofuErrors = defineErrors('TOFU', {
  missing: {
    message: (p: { tried: string }) =>
      `there is no OpenTofu to run (${p.tried}): install OpenTofu 1.11 or newer and put it on PATH, or set GOSLING_TOFU_BIN to it`,
    http: 503,
    retry: 'backoff',
  },
  tooOld: {
    message: (p: { path: string; version: string; needed: string }) =>
      `${p.path} is version ${p.version}, ${p.needed} or newer is needed`,
    http: 503,
    retry: 'never',
  },
  planFailed: {
    message: (p: { summary: string; detail: string }) =>
      `OpenTofu could not plan: ${p.summary}${p.detail && `: ${p.detail}`}`,
    http: 502,
    retry: 'backoff',
  },
  providers: {
    message: (p: { providers: string; reason: string }) =>
      `OpenTofu's providers (${p.providers}) could not be had: ${p.reason}`,
    http: 502,
    retry: 'backoff',
  },
  applyFailed: {
    message: (p: { summary: string; detail: string }) =>
      `OpenTofu could not apply: ${p.summary}${p.detail && `: ${p.detail}`}`,
    http: 502,
    retry: 'backoff',
  },
  removalFailed: {
    message: (p: { shard: number; failures: number; next: string; detail: string }) =>
      `a machine could not be removed and goes on costing money (shard ${p.shard}, ${p.failures} in a row): ${p.detail}; it is tried again at ${p.next}: let the credentials in use delete machines, or remove it in the cloud by hand`,
    http: 502,
    retry: 'backoff',
  },
  planUnexpected: {
    message: (p: { changes: string }) =>
      `the plan holds changes that must not be, nothing was applied: ${p.changes}; look at the run's log (gosling logs) for what made OpenTofu want them, and mend that in the cloud or in the state; the next run of that state looks again`,
    http: 409,
    retry: 'never',
  },
  locked: {
    message: (p: { path: string; who: string; since: string }) =>
      `the OpenTofu state ${p.path} is locked by ${p.who} since ${p.since}; a lock that a person left is removed with tofu force-unlock, or as the object .tflock beside the state`,
    http: 409,
    retry: 'backoff',
  },
  stateUnreadable: {
    message: (p: { reason: string }) =>
      `OpenTofu cannot read the state, or the plan made upon it; nothing was changed: ${p.reason}`,
    http: 409,
    retry: 'backoff',
  },
  checkFailed: {
    message: (p: { checks: string }) => `what was made is not as it should be: ${p.checks}`,
    http: 409,
    retry: 'never',
  },
  download: {
    message: (p: { url: string; reason: string }) =>
      `OpenTofu could not be fetched from ${p.url}: ${p.reason}; install it yourself and set GOSLING_TOFU_BIN, or set GOSLING_TOFU_MIRROR`,
    http: 502,
    retry: 'never',
  },
  checksum: {
    message: (p: { url: string }) =>
      `what came from ${p.url} is not the OpenTofu we pinned (SHA-256 differs); it was thrown away`,
    http: 502,
    retry: 'never',
  },
});
