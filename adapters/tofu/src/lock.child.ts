import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, createSystemClock } from '@polar-gosling/kernel';
import { withFileLock } from './file-lock.ts';

// Holds a file lock in a process of its own: at the moment it is told (stdin), for so long. Says what it waits for,
// that it is inside, and when that was on the clock that all processes share.

const [path = '', heldMs = '0'] = process.argv.slice(2);
const signal = new AbortController().signal;
const now = () => Number(process.hrtime.bigint() / 1_000n);

process.stdout.write('ready\n');
let at = 0;
for await (const told of process.stdin) {
  at = Number(told);
  break;
}
while (now() < at);
try {
  await withFileLock(path, { clock: createSystemClock(), waitMs: 60_000, signal }, async () => {
    const from = now();
    process.stdout.write('inside\n');
    await sleep(Number(heldMs));
    process.stdout.write(`${JSON.stringify({ from, to: now() })}\n`);
  });
} catch (error) {
  process.stdout.write(`${codeOf(error) ?? 'UNKNOWN'} ${String(error)}\n`);
}
process.exit();
