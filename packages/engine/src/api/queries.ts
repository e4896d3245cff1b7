import type {
  AuditRow,
  CallOptions,
  CiJobRow,
  EggConfigRow,
  Page,
  PlanRow,
  RunnerAgentRow,
  RunnerRow,
  RunRow,
  SelfJobRow,
  SyncRow,
} from '@polar-gosling/ports/store';
import type { BundleFiles } from '@polar-gosling/ports/tofu';
import type { Caller } from './caller.ts';

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

/** A runner with what its agent last said and why it is as it is. */
export interface RunnerView {
  readonly row: RunnerRow;
  readonly agent?: RunnerAgentRow;
  readonly why: string;
}

/** One Egg as `gosling status` shows it. */
export interface EggStatusView {
  readonly egg: EggConfigRow;
  readonly latestPlan?: PlanRow;
  readonly deploymentHistory: readonly PlanRow[];
  readonly activeRunners: readonly RunnerView[];
  readonly deployment?: { readonly id: string; readonly state: string; readonly startedAt: number };
  readonly waitingJobs: number;
  readonly capacity: { readonly now: number; readonly starting: number; readonly max: number };
  readonly frozen?: { readonly by: string; readonly why: string; readonly at: number };
  readonly pinned?: {
    readonly deploymentId: string;
    readonly commit: string;
    readonly by: string;
    readonly why: string;
    readonly at: number;
  };
  readonly problems: readonly Problem[];
}

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly since: number;
}

/** Why a CI job waits, as `gosling why` shows it. */
export interface WhyView {
  readonly job: Readonly<Record<string, unknown>>;
  readonly verdict: 'running' | 'waiting' | 'unmatched' | 'unknown' | 'done';
  readonly since: number;
  readonly steps: readonly {
    readonly at?: number;
    readonly what: string;
    readonly detail: string;
    readonly ok: boolean;
  }[];
  readonly candidates: readonly {
    readonly eggName: string;
    readonly matches: boolean;
    readonly missingTags: readonly string[];
    readonly room: number;
    readonly order: number;
    readonly refusedBecause?: string;
  }[];
  readonly next?: { readonly what: string; readonly atLatest?: number };
  readonly blockers: readonly { readonly code: string; readonly detail: string; readonly fix: string }[];
}

export interface HealthView {
  readonly live: boolean;
  readonly dependencies: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  /** Of the whole installation, for `gosling status` and the status page. */
  readonly problems: readonly Problem[];
  readonly nest: {
    readonly commit?: string;
    readonly syncedAt?: number;
    readonly status?: string;
    readonly mode: 'webhook' | 'poll';
  };
}

/** Everything that reads. `undefined`: not there, or not this caller's to see. */
export interface Queries {
  eggs(caller: Caller, page: PageRequest, options: CallOptions): Promise<Page<EggConfigRow>>;
  egg(caller: Caller, name: string, options: CallOptions): Promise<EggConfigRow | undefined>;
  eggStatus(caller: Caller, name: string, options: CallOptions): Promise<EggStatusView | undefined>;
  plans(
    caller: Caller,
    at: PageRequest & { readonly egg: string },
    options: CallOptions,
  ): Promise<Page<PlanRow> | undefined>;
  plan(
    caller: Caller,
    at: { readonly egg: string; readonly id: string },
    options: CallOptions,
  ): Promise<PlanRow | undefined>;
  /** The files of the plan's bundle; also `undefined` where it was not kept. */
  planBundle(
    caller: Caller,
    at: { readonly egg: string; readonly id: string },
    options: CallOptions,
  ): Promise<BundleFiles | undefined>;
  runners(
    caller: Caller,
    filter: PageRequest & { readonly egg?: string; readonly state?: string; readonly pool?: string },
    options: CallOptions,
  ): Promise<Page<RunnerView>>;
  runner(caller: Caller, id: string, options: CallOptions): Promise<RunnerView | undefined>;
  ciJobs(
    caller: Caller,
    filter: PageRequest & { readonly egg?: string; readonly state?: 'waiting' },
    options: CallOptions,
  ): Promise<Page<CiJobRow>>;
  selfJobs(caller: Caller, page: PageRequest, options: CallOptions): Promise<Page<SelfJobRow>>;
  why(
    caller: Caller,
    at: { readonly server: string; readonly project: string; readonly jobId: number },
    options: CallOptions,
  ): Promise<WhyView | undefined>;
  audit(
    caller: Caller,
    filter: PageRequest & { readonly resource?: string },
    options: CallOptions,
  ): Promise<Page<AuditRow>>;
  syncs(caller: Caller, page: PageRequest, options: CallOptions): Promise<Page<SyncRow>>;
  /** Runs of an Egg, newest first. */
  runs(
    caller: Caller,
    at: PageRequest & { readonly egg: string },
    options: CallOptions,
  ): Promise<Page<RunRow>>;
  run(caller: Caller, id: string, options: CallOptions): Promise<RunRow | undefined>;
  runLog(caller: Caller, runId: string, options: CallOptions): Promise<Uint8Array | undefined>;
  health(options: CallOptions): Promise<HealthView>;
  /** Whether the store takes no writes, as far as this process knows; asks nobody. */
  isReadOnly(): boolean;
}
