import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '@polar-gosling/kernel';
import { expect } from 'vitest';
import { openStore, type StorePlace } from './open-store.ts';

const child = fileURLToPath(new URL('./racer.child.ts', import.meta.url));
const options = { signal: new AbortController().signal };
const system = createSystemClock();
export const raceTables = ['schema', 'leases', 'egg_members', 'switches'] as const;

interface Racer {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly ended: Promise<unknown>;
  lines(): string[];
  /** The first line that begins so. */
  line(start: string): Promise<string>;
}

function startRacer(place: StorePlace, args: readonly string[]): Racer {
  const racer = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', child, JSON.stringify(place), ...args],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let output = '';
  racer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const lines = () =>
    output
      .slice(0, output.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean);
  const line = async (start: string) => {
    for (;;) {
      const found = lines().find((text) => text.startsWith(start));
      if (found !== undefined) return found;
      await once(racer.stdout, 'data', { signal: AbortSignal.timeout(30_000) });
    }
  };
  return { process: racer, ended: once(racer, 'close'), lines, line };
}

/** 8 processes for 10 s, two of which are killed on the way. */
export async function raceForLeases(place: StorePlace): Promise<void> {
  const store = await openStore(place, system);
  const racers = Array.from({ length: 8 }, (_, number) =>
    startRacer(place, [`racer-${number}`, 'race', '10000']),
  );
  for (const racer of racers.slice(0, 2)) {
    await racer.line('ok');
    racer.process.kill('SIGKILL');
  }
  await Promise.all(racers.map(({ ended }) => ended));

  const told = racers.flatMap((racer, number) => racer.lines().map((text) => ({ text, number })));
  const oks = told.filter(({ text }) => text.startsWith('ok'));
  const holders = new Map<string, Set<number>>();
  for (const { text, number } of oks) {
    const fence = text.split(' ')[1] ?? '';
    holders.set(fence, (holders.get(fence) ?? new Set()).add(number));
  }
  const rows = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor; isFirst = false) {
    const page = await store.list(
      { table: 'egg_members', partition: 'race', limit: 1_000, ...(cursor ? { cursor } : {}) },
      options,
    );
    rows.push(...page.items);
    cursor = page.cursor;
  }
  const [total] = await store.get([{ table: 'switches', partition: 'total' }], options);
  await store.close();

  expect([...holders.values()].filter((numbers) => numbers.size > 1)).toEqual([]);
  expect(told.filter(({ text }) => text.startsWith('conflict 1'))).toEqual([]);
  // All that was acknowledged is there; of each killed one at most its last write was not told.
  expect(rows.length).toBe(total?.['count']);
  expect(rows.length - oks.length).toBeGreaterThanOrEqual(0);
  expect(rows.length - oks.length).toBeLessThanOrEqual(2);
  expect(holders.size).toBeGreaterThan(20);
  expect(new Set(oks.map(({ number }) => number)).size).toBeGreaterThan(4);
}

/** A holder that stands still until another has its lease, and then goes on. */
export async function pauseHolder(place: StorePlace): Promise<void> {
  const store = await openStore(place, system);
  const first = startRacer(place, ['first', 'hold']);
  expect(await first.line('holding')).toBe('holding 1');
  first.process.kill('SIGSTOP');
  const second = startRacer(place, ['second', 'hold']);
  expect(await second.line('holding')).toBe('holding 2');

  first.process.stdin.write('go on\n');
  first.process.kill('SIGCONT');
  expect(await first.line('conflict')).toBe('conflict 0 1');
  second.process.stdin.write('go on\n');
  expect(await second.line('ok')).toBe('ok 2 0');
  await Promise.all([first.ended, second.ended]);

  const page = await store.list({ table: 'egg_members', partition: 'race' }, options);
  expect(page.items.map((row) => [row['item'], row['state']])).toEqual([['run#2#0', 'second']]);
  await store.close();
}
