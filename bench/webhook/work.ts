import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deliveryBody, deliveryHeaders } from './delivery.ts';
import { type Served, startServed } from './served.ts';
import { deliverSteadily } from './steady.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('hook.lua', import.meta.url));
/** Until code is compiled and every path was taken; on a busy machine not longer than `warmUpRounds` times 2 s. */
const warmUpRequests = 10_000;
const warmUpRounds = 3;
const steadyWarmUpS = 5;

// `work.ts SERVER LOAD SECONDS FOLDER`: starts the server (ours, ours+work, stack) on the first processor and sends
// deliveries from the second: as many as it takes over so many connections, or a steady `50/s`. Prints µs and CPU µs
// for each delivery, and the most memory it had.
const [server = 'ours', load = '64', duration = '5', root = '.'] = process.argv.slice(2);
const seconds = Number(duration);
const folder = mkdtempSync(join(root, 'webhook-'));
const body = join(folder, 'body.json');
writeFileSync(body, deliveryBody());
const served = await startServed(server, folder);
// A bench that is stopped leaves no server behind.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void served.stop().finally(() => process.exit(1)));
}
try {
  const report = load.endsWith('/s')
    ? await measureSteady(served, Number.parseInt(load, 10))
    : await measureMost(served, Number(load));
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  await served.stop();
  rmSync(folder, { recursive: true });
}

interface Delivered {
  readonly requests: number;
  readonly us: number;
  readonly p99: number;
  readonly max: number;
  readonly refused: number;
  readonly broken: number;
}

async function warmUp(): Promise<void> {
  for (let round = 0, done = 0; round < warmUpRounds && done < warmUpRequests; round++) {
    done += (await deliver(64, 2)).requests;
  }
}

async function measureMost(at: Served, connections: number) {
  await warmUp();
  const cpuBefore = at.cpuUs();
  const { requests, us, p99, max, refused, broken } = await deliver(connections, seconds);
  const cpu = (at.cpuUs() - cpuBefore) / requests;
  return {
    value: round(us / requests),
    more: { perSecond: round(requests / (us / 1e6)), cpuUs: round(cpu), rssMb: round(at.peakMb()), p99, max },
    result: { refused, broken },
  };
}

async function measureSteady(at: Served, perSecond: number) {
  // Not by a flood: what it leaves behind would be worked on during the measurement.
  await deliverSteadily({ url: at.url, perSecond, seconds: steadyWarmUpS });
  const { latencies, refused } = await deliverSteadily({ url: at.url, perSecond, seconds });
  const sorted = latencies.toSorted((a, b) => a - b);
  const place = (part: number) => round(sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN);
  return {
    value: place(0.99),
    more: { p50: place(0.5), max: place(1) },
    result: { refused, delivered: sorted.length },
  };
}

/** As fast as the server answers. */
async function deliver(connections: number, forS: number): Promise<Delivered> {
  const headers = Object.entries(deliveryHeaders()).map(([name, value]) => `${name}: ${value}`);
  const args = ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${forS}s`, '--timeout', '10s', '--latency'];
  const { stdout } = await run('taskset', [...args, '-s', script, served.url], {
    env: { ...process.env, BODY: body, RUN: `${Math.random()}`.slice(2), HEADERS: headers.join('\n') },
  });
  const [, json] = /^JSON (.*)$/m.exec(stdout) ?? [];
  if (json === undefined) throw new Error(`wrk said no figures:\n${stdout.slice(-2_000)}`);
  return JSON.parse(json) as Delivered;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
