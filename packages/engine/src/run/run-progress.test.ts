import type { TofuEvent } from '@polar-gosling/ports/tofu';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../api/events.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct } from '../testing/install.ts';
import { createRunProgress } from './run-progress.ts';

const run = { id: 'run-1', egg: 'app', shard: 0 };
const key = { table: 'runs', partition: 'run-1' } as const;
let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  await plane.deps.store.commit(
    [{ kind: 'update', key, set: { state: 'planning' }, when: { kind: 'any' } }],
    direct,
  );
});

const told = (message: string): TofuEvent => ({ kind: 'resource', message, address: 'a' });

async function row(): Promise<{
  progress?: { message: string }[];
  progress_count?: number;
  version: number;
}> {
  const [found] = await plane.deps.store.get([key], direct);
  return found as never;
}

async function messages(): Promise<string[]> {
  return ((await row()).progress ?? []).map(({ message }) => message);
}

describe('the progress of a run', () => {
  it('is written to its row once a second, however much is told', async () => {
    const progress = createRunProgress(plane.deps, run);
    for (let place = 0; place < 50; place++) progress.note(told(`line ${place}`));
    const before = await messages();
    await plane.clock.advance(1_000);
    const { version } = await row();
    progress.note(told('one more'));
    await plane.clock.advance(500);
    const between = await row();
    await plane.clock.advance(600);

    expect(before).toEqual([]);
    expect([version, between.version]).toEqual([2, 2]);
    expect((await messages()).at(-1)).toBe('one more');
    expect((await row()).progress_count).toBe(51);
    await progress.close();
  });

  it('keeps the last hundred lines and the count of all, cut where they are long', async () => {
    const progress = createRunProgress(plane.deps, run);
    for (let place = 1; place <= 130; place++) progress.note(told(`line ${place}`));
    progress.note(told('x'.repeat(2_000)));
    progress.note({ kind: 'log', message: 'not told' });

    await progress.close();

    const kept = await messages();
    expect([kept.length, kept[0], kept.at(-1)?.length]).toEqual([100, 'line 32', 501]);
    expect((await row()).progress_count).toBe(131);
  });

  it('holds up nothing when its row cannot be written', async () => {
    const commit = () => Promise.reject(new Error('no store'));
    const progress = createRunProgress({ ...plane.deps, store: { ...plane.deps.store, commit } }, run);
    progress.note(told('a line'));

    await expect(progress.close()).resolves.toBeUndefined();
  });

  it('is told at once to whoever watches, and to nobody after that', async () => {
    const watching = new AbortController();
    const seen: (RunEvent | undefined)[] = [];
    const done = (async () => {
      const watch = plane.deps.events.watch(({ egg }) => egg === 'app', plane.deps, watching);
      for await (const event of watch) seen.push(event);
    })();
    const progress = createRunProgress(plane.deps, run);
    const other = createRunProgress(plane.deps, { ...run, egg: 'lib' });
    await plane.clock.advance(0);
    progress.note(told('first'));
    other.note(told('of another Egg'));
    progress.note(told('second'));
    await plane.clock.advance(0);
    const soon = [...seen];
    await plane.clock.advance(15_000);
    watching.abort();
    await done;
    progress.note(told('unseen'));
    await progress.close();

    expect(soon).toMatchObject([
      { runId: 'run-1', egg: 'app', line: { number: 1, message: 'first' } },
      { line: { number: 2, message: 'second' } },
    ]);
    expect(seen.slice(2)).toEqual([undefined]);
  });

  it('ends the watch of a reader that is too slow', async () => {
    const { events } = plane.deps;
    const watch = events.watch(() => true, plane.deps, direct);
    const first = watch.next();
    await plane.clock.advance(0);
    for (let place = 0; place < 1_002; place++) events.publish({ runId: 'r', egg: 'app', shard: place });

    expect(await first).toEqual({ done: true, value: undefined });
  });
});
