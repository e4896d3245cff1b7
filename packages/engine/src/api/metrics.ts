import type { QueueStats } from '@polar-gosling/ports/queue';

/** What the engine counts; the app turns it into Prometheus. Labels hold no secrets and few values. */
export interface EngineMetrics {
  /** A CI job started: how long it waited, and mostly for what (a `WaitCause` or `served_by_idle`). `job_wait_seconds{cause}` */
  jobWaited(cause: string, seconds: number): void;
  /** A stage of a boot ended. `runner_boot_seconds{stage}` */
  bootStage(stage: 'requested' | 'plan' | 'apply' | 'boot' | 'total', seconds: number): void;
  delivery(
    result: 'accepted' | 'duplicate' | 'ignored' | 'denied' | 'bad_json' | 'too_big' | 'unavailable',
  ): void;
  task(kind: string, result: 'ok' | 'retry' | 'buried'): void;
  run(result: 'ok' | 'failed' | 'unknown' | 'refused'): void;
  runners(egg: string, counts: Readonly<Record<string, number>>): void;
  /** After a sweep: how many big values no row names (removed when they are old), and how many blobs it removed. */
  blobs(found: { readonly aside: number; readonly removed: number }): void;
  /** A machine that outlived its runner was found by its tag, and is removed. */
  leakedMachine(): void;
  /** `undefined`: not known just now. */
  queueDepth(stats: QueueStats | undefined): void;
}

export const noMetrics: EngineMetrics = {
  jobWaited: () => undefined,
  bootStage: () => undefined,
  delivery: () => undefined,
  task: () => undefined,
  run: () => undefined,
  runners: () => undefined,
  blobs: () => undefined,
  leakedMachine: () => undefined,
  queueDepth: () => undefined,
};
