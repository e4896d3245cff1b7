import type { EngineMetrics } from '@polar-gosling/engine';
import type { Masker } from '@polar-gosling/kernel';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the engine and the HTTP server count, as Prometheus reads it. */
export interface Metrics extends EngineMetrics {
  /** One answered request of the API; `route` is the pattern, never the path. */
  request(at: { method: string; route: string; status: number }, seconds: number): void;
  /** A secret older than its TTL was given out because its backend is down. */
  staleSecret(): void;
  /** Whether the store takes no writes just now. */
  storeReadOnly(isReadOnly: boolean): void;
  /** What a cache of OpenTofu did for a run. */
  tofuCache(cache: 'providers' | 'modules', result: string): void;
  readonly contentType: string;
  render(): Promise<string>;
}

const waitBuckets = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600];
const bootBuckets = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of its own: two servers in one process do not mix. */
export function createMetrics(masker: Pick<Masker, 'mask'>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauges = createGauges(registry);
  const counters = createCounters(registry);
  const times = createHistograms(registry);
  const statesOf = new Map<string, ReadonlySet<string>>();
  return {
    contentType: registry.contentType,
    // A label is a name of the Nest or of GitLab: somebody may have put a secret there.
    render: async () => masker.mask(await registry.metrics()),
    storeReadOnly: (isReadOnly) => gauges.storeReadOnly.set(isReadOnly ? 1 : 0),
    staleSecret: () => counters.staleSecrets.inc(),
    tofuCache: (cache, result) => counters.tofuCache.inc({ cache, result }),
    request: ({ method, route, status }, seconds) =>
      times.request.observe({ method, route, status: String(status) }, seconds),
    jobWaited: (cause, seconds) => times.jobWait.observe({ cause }, seconds),
    bootStage: (stage, seconds) => times.boot.observe({ stage }, seconds),
    delivery: (result) => counters.deliveries.inc({ result }),
    task: (kind, result) => counters.tasks.inc({ kind, result }),
    run: (result) => counters.runs.inc({ result }),
    runners(egg, counts) {
      const known = statesOf.get(egg) ?? new Set<string>();
      // A state that has no runner left goes to 0; left alone it would show the last count for ever.
      for (const state of known) gauges.runners.set({ egg, state }, 0);
      for (const [state, count] of Object.entries(counts)) gauges.runners.set({ egg, state }, count);
      statesOf.set(egg, new Set([...known, ...Object.keys(counts)]));
    },
    blobs({ aside, removed }) {
      gauges.blobsAside.set(aside);
      counters.blobsRemoved.inc(removed);
    },
    leakedMachine: () => counters.leakedMachines.inc(),
    queueDepth(stats) {
      gauges.queue.reset();
      // Without labels a reset would show 0.
      gauges.queueAge.remove({});
      if (stats === undefined) return;
      const { oldestAgeMs, ...counts } = stats;
      for (const [state, count] of Object.entries(counts)) gauges.queue.set({ state }, count);
      gauges.queueAge.set(oldestAgeMs / 1_000);
    },
  };
}

function createHistograms(registry: Registry) {
  const registers = [registry];
  return {
    jobWait: new Histogram({
      name: 'job_wait_seconds',
      help: 'How long CI jobs waited until they ran, by what they mostly waited for',
      labelNames: ['cause'],
      buckets: waitBuckets,
      registers,
    }),
    boot: new Histogram({
      name: 'runner_boot_seconds',
      help: 'Stages of the boot of a runner',
      labelNames: ['stage'],
      buckets: bootBuckets,
      registers,
    }),
    request: new Histogram({
      name: 'gosling_http_request_seconds',
      help: 'Requests of the HTTP API',
      labelNames: ['method', 'route', 'status'],
      buckets: requestBuckets,
      registers,
    }),
  };
}

function createCounters(registry: Registry) {
  const registers = [registry];
  return {
    deliveries: new Counter({
      name: 'gosling_webhook_deliveries_total',
      help: 'Deliveries of GitLab webhooks by what became of them',
      labelNames: ['result'],
      registers,
    }),
    tasks: new Counter({
      name: 'gosling_tasks_total',
      help: 'Messages worked on',
      labelNames: ['kind', 'result'],
      registers,
    }),
    staleSecrets: new Counter({
      name: 'gosling_stale_secrets_total',
      help: 'Secrets given out after their time because their backend did not answer',
      registers,
    }),
    tofuCache: new Counter({
      name: 'gosling_tofu_cache_total',
      help: 'What the caches of OpenTofu did for runs: hit, filled from Blobs, miss, corrupt, failed',
      labelNames: ['cache', 'result'],
      registers,
    }),
    leakedMachines: new Counter({
      name: 'gosling_leaked_machines_total',
      help: 'Machines that outlived their runners, were found by their tag and are removed',
      registers,
    }),
    blobsRemoved: new Counter({
      name: 'gosling_blobs_removed_total',
      help: 'Blobs removed because nothing named them any more',
      registers,
    }),
    runs: new Counter({
      name: 'gosling_runs_total',
      help: 'OpenTofu runs',
      labelNames: ['result'],
      registers,
    }),
  };
}

function createGauges(registry: Registry) {
  const registers = [registry];
  return {
    runners: new Gauge({
      name: 'gosling_runners',
      help: 'Runners by state',
      labelNames: ['egg', 'state'],
      registers,
    }),
    queue: new Gauge({
      name: 'gosling_queue_messages',
      help: 'Messages of the queue by state',
      labelNames: ['state'],
      registers,
    }),
    storeReadOnly: new Gauge({
      name: 'gosling_store_read_only',
      help: '1 while the store has refused writes for 5 s and more: nothing is acknowledged, started or ended',
      registers,
    }),
    blobsAside: new Gauge({
      name: 'gosling_blobs_unreferenced',
      help: 'Values of big columns that no row names: set aside, and removed a week later',
      registers,
    }),
    queueAge: new Gauge({
      name: 'gosling_queue_oldest_seconds',
      help: 'Age of the oldest message that is due',
      registers,
    }),
  };
}
