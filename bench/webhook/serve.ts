import { createMetrics, startServer } from '../../apps/mothergoose/src/index.ts';
import { createEngine } from '../../packages/engine/src/index.ts';
import {
  createJsonLogger,
  createSystemClock,
  createSystemIds,
  sha256Hex,
} from '../../packages/kernel/src/index.ts';
import { isHolderGone, openInstance, processHolder } from '../../packages/wiring/src/index.ts';
import { projectId, token } from './delivery.ts';

// `serve.ts DATA_DIR [work]`: our webhook path as `gosling up` wires it: the HTTP application, the engine, SQLite with its
// writer thread, sealing, the masker. With `work` its worker takes what was delivered, in this process as in
// `gosling up`. Prints its address as the first line; ends on SIGTERM.
const [dataDir = '.', mode] = process.argv.slice(2);
const clock = createSystemClock();
const ids = createSystemIds(clock);
const stop = new AbortController();
const { signal } = stop;
process.once('SIGTERM', () => stop.abort());
const parts = await openInstance({
  dataDir,
  clock,
  ids,
  makeLog: (masker) =>
    createJsonLogger({
      write: (line) => process.stderr.write(line),
      masker,
      clock,
      level: 'info',
      format: 'json',
    }),
  environment: {},
  agentCommand: [process.execPath],
  agentEnvironment: {},
  userAgent: 'gosling/bench',
  signal,
});
const { log, masker, queue: tasks } = parts;
const metrics = createMetrics(masker);
const engine = createEngine({
  ...parts,
  clock,
  ids,
  metrics,
  settings: {
    agentUrl: 'http://127.0.0.1',
    installation: 'bench',
    nest: { url: 'file:///none' },
    isEmbedded: true,
    holder: processHolder(process.pid),
    machineRevision: parts.machineRevision,
    refuseLocal: () => undefined,
    heartbeatMs: 10_000,
    syncEveryMs: 300_000,
    sweepEveryMs: 300_000,
    pruneEveryMs: 10_000,
    concurrency: 8,
  },
  readCaFile: () => undefined,
  isHolderGone,
});
await addProject();
const server = await startServer({
  engine,
  tasks,
  metrics,
  log,
  masker,
  clock,
  ids,
  version: 'bench',
  config: { listen: { host: '127.0.0.1', port: 0, isLoopback: true }, tls: undefined },
});
process.stdout.write(`${server.url}/webhooks/gitlab\n`);
const working = mode === 'work' ? engine.background.work({ signal }) : Promise.resolve();
await new Promise<void>((resolve) => {
  signal.addEventListener('abort', () => resolve(), { once: true });
});
await working;
await server.stop();
await parts.close();

/** A bound project with its hook, as a bind leaves it. */
async function addProject(): Promise<void> {
  const project = `gitlab#${projectId}`;
  await parts.store.commit(
    [
      {
        kind: 'put',
        table: 'webhook_tokens',
        row: { token_sha256: sha256Hex(token), server_project: project, egg_name: 'my-app' },
        when: { kind: 'any' },
      },
      {
        kind: 'put',
        table: 'projects',
        row: { server_project: project, sweep_bucket: '0', next_sweep_at: clock.now() + 86_400_000 },
        when: { kind: 'any' },
      },
    ],
    { signal },
  );
}
