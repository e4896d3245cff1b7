import { createFakeClock, createSeededIds, runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PreviewRequest } from '../api/previews.ts';
import { applyJob } from '../demand/apply-job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { syncNest } from '../sync/sync-nest.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';

type Eggs = Parameters<typeof nestOf>[0];

let plane: ControlPlane;

async function aPlane(): Promise<ControlPlane> {
  const clock = createFakeClock();
  const made = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
  made.model.projects.set(1, 'group/app');
  return made;
}

const filesOf = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts).map(([path, text]) => ({ path, text }));

function preview(eggs: Eggs, more: Partial<PreviewRequest> = {}) {
  return plane.engine().previews.preview({ files: filesOf(nestOf(eggs)), ...more }, direct);
}

const memory = (mib: number) => ({ more: ['  }', '  resources {', `    memory = ${mib}`] });

/** The policies of Eggs that keep so many runners. */
function policies(warm: Readonly<Record<string, { apex?: number; nadir?: number }>>): Record<string, string> {
  const condition = ([name, { apex = 0, nadir = 0 }]: [string, { apex?: number; nadir?: number }]) => [
    `  runners_condition "${name}" {`,
    `    eggs_entities = ["${name}"]`,
    ...['    apex {', `      min_count = ${apex}`, '    }'],
    ...['    nadir {', `      min_count = ${nadir}`, '      max_count = 2', '    }'],
    '  }',
  ];
  const text = ['uglyfox {', ...Object.entries(warm).flatMap(condition), '}', ''].join('\n');
  return { 'UF/config.fly': text };
}

/** How many runners the next reconcile of an Egg launches. */
async function launchedBy(egg: string): Promise<number> {
  const count = async () => (await plane.recording.rows('runners')).length;
  const before = await count();
  await reconcile(plane.deps, egg, direct);
  return (await count()) - before;
}

/** Every runner that was asked for lives, and waits for jobs. */
async function runnersLive(): Promise<void> {
  for (const row of await plane.recording.rows('runners')) {
    if (row['state'] !== 'requested') continue;
    const set = { state: 'idle', made: true, state_since: plane.clock.now(), deadline_at: undefined };
    const key = { table: 'runners', partition: String(row['id']) } as const;
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'present' } }], direct);
  }
}

/** What the guard would hold of it is let through. */
async function confirm(commit: string): Promise<void> {
  const row = { git_commit: commit, by: 'me', at: 0 };
  const put = { kind: 'put', table: 'sync_confirmations', row, when: { kind: 'any' } } as const;
  await plane.deps.store.commit([put], direct);
}

async function wait(jobId: number): Promise<void> {
  const job = { serverProject: 'gitlab.com#1', jobId, name: 'b', ref: 'm', pipelineId: 1, tags: ['linux'] };
  await applyJob(plane.deps, { ...job, status: 'pending' }, direct);
}

async function launchOne(): Promise<string> {
  await wait(1);
  await reconcile(plane.deps, 'app', direct);
  const [runner] = await plane.recording.rows('runners');
  return String(runner?.['id']);
}

beforeEach(async () => {
  plane = await aPlane();
});

describe('preview', () => {
  it('tells what would be made, changed and killed, and for which values', async () => {
    await install(plane, nestOf({ app: memory(1024), gone: {}, same: {} }));
    const runner = await launchOne();

    const view = await preview({ app: memory(2048), same: {}, fresh: {} });

    expect(view).toMatchObject({
      status: 'success',
      unchanged: 1,
      eggs: [
        {
          name: 'app',
          change: 'changed',
          isReplaced: true,
          changes: [{ path: 'resources.memoryMib', before: 1024, after: 2048, isMachine: true }],
          runners: { replaced: [runner] },
        },
        { name: 'fresh', change: 'new', launches: 0 },
        { name: 'gone', change: 'removed' },
      ],
    });
  });

  it('says how many runners a raised min_count launches, over what lives, and then they are', async () => {
    await install(plane, { ...nestOf({ app: { concurrent: 5 } }), ...policies({ app: { apex: 1 } }) });
    expect(await launchedBy('app')).toBe(1);
    await runnersLive();
    const files = { ...nestOf({ app: { concurrent: 5 } }), ...policies({ app: { apex: 3, nadir: 1 } }) };

    const view = await plane.engine().previews.preview({ files: filesOf(files) }, direct);

    expect(view.eggs).toMatchObject([{ name: 'app', change: 'changed', launches: 3, isReplaced: false }]);
    plane.git.commit(files);
    await syncNest(plane.deps, direct);
    expect(await launchedBy('app')).toBe(3);
  });

  it('says that a change which ends the back-off launches for the job that waits', async () => {
    await install(plane, nestOf({ app: memory(1024) }));
    const key = { table: 'egg_state', partition: 'app' } as const;
    const set = { failures: 5, backoff_until: plane.clock.now() + 900_000, backoff_failures: 5 };
    await plane.deps.store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], direct);
    await wait(1);

    const view = await preview({ app: memory(2048) });

    expect(view.eggs).toMatchObject([{ change: 'changed', launches: 1 }]);
    plane.git.commit(nestOf({ app: memory(2048) }));
    await syncNest(plane.deps, direct);
    expect(await launchedBy('app')).toBe(1);
  });

  it('replaces no runner for tags and counts', async () => {
    await install(plane, nestOf({ app: {} }));
    const runner = await launchOne();

    const view = await preview({ app: { concurrent: 9 } });

    expect(view.eggs).toMatchObject([{ isReplaced: false, runners: { kept: [runner], replaced: [] } }]);
    expect(view.eggs[0]?.changes).toMatchObject([
      { path: 'pool.apex.max', isMachine: false },
      { path: 'runner.concurrent', before: 2, after: 9, isMachine: false },
    ]);
  });

  it('says that the guard would hold it, or that it was confirmed', async () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`e${at}`, {}]));
    await install(plane, nestOf(many));
    const commit = plane.git.commit(nestOf({ e0: {} }));

    const held = await preview({ e0: {} }, { commit });
    await confirm(commit);
    const confirmed = await preview({ e0: {} }, { commit });

    expect(held).toMatchObject({ status: 'held', held: [{ rule: 'removes_eggs' }] });
    expect(confirmed.status).toBe('success');
  });

  it('keeps what is in force of a file with errors, and tells them', async () => {
    await install(plane, nestOf({ app: {} }));
    const files = [{ path: 'Eggs/app/config.fly', text: 'egg "app" { type = 7 }\n' }];

    const view = await plane.engine().previews.preview({ files }, direct);

    expect(view).toMatchObject({ status: 'partial', eggs: [{ name: 'app', change: 'invalid' }] });
    expect(view.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  });

  it('knows of pins: what leaves the machines of the Nest alone changes none, what does not ends it', async () => {
    for (const mib of [1024, 2048]) {
      await install(plane, nestOf({ app: memory(mib) }));
      await reconcile(plane.deps, 'app', direct);
      await plane.clock.advance(1_000);
    }
    const me = { tokenId: 't', name: 'me', role: 'write' } as const;
    await plane.engine().commands.rollback(me, { egg: 'app', unpin: false, dryRun: false }, direct);

    const kept = await preview({ app: { ...memory(2048), concurrent: 7 } });
    const ended = await preview({ app: memory(4096) });

    expect(kept.eggs).toMatchObject([{ endsPin: false, isReplaced: false }]);
    expect(ended.eggs).toMatchObject([
      { endsPin: true, isReplaced: true, changes: [{ before: 1024, after: 4096 }] },
    ]);
  });

  it('Feature: gitops-runner-orchestration, Property 24: a preview writes nothing and says what the sync and the reconcile after it then do', async () => {
    const counts = { apex: fc.nat({ max: 2 }), nadir: fc.nat({ max: 1 }) };
    const egg = fc.record({ mib: fc.constantFrom(1024, 2048), concurrent: fc.constantFrom(2, 3), ...counts });
    const nest = fc.dictionary(fc.constantFrom('app', 'b', 'c'), egg, { minKeys: 1 });
    type Egg = { mib: number; concurrent: number; apex: number; nadir: number };
    const toFiles = (eggs: Record<string, Egg>) => ({
      ...nestOf(
        Object.fromEntries(
          Object.entries(eggs).map(([name, { mib, concurrent }]) => [name, { ...memory(mib), concurrent }]),
        ),
      ),
      ...policies(eggs),
    });
    await fc.assert(
      fc.asyncProperty(nest, nest, fc.boolean(), async (before, after, waits) => {
        plane = await aPlane();
        await install(plane, toFiles(before));
        for (const name of Object.keys(before)) await reconcile(plane.deps, name, direct);
        await runnersLive();
        if (waits) await wait(1);
        const rows = await plane.recording.everything();

        const view = await plane.engine().previews.preview({ files: filesOf(toFiles(after)) }, direct);
        expect(await plane.recording.everything()).toEqual(rows);

        await confirm(plane.git.commit(toFiles(after)));
        await syncNest(plane.deps, direct);
        const synced = (await plane.recording.rows('sync_history')).at(-1);
        const did = synced?.['changes_detected'] as Record<string, string[] | undefined>;
        const would = (change: string) =>
          view.eggs.filter((one) => one.change === change).map(({ name }) => name);
        expect([would('new'), would('changed'), would('removed')]).toEqual([
          did['new']?.toSorted() ?? [],
          did['changed']?.toSorted() ?? [],
          did['removed']?.toSorted() ?? [],
        ]);
        const launches: Record<string, number> = {};
        for (const { name } of view.eggs) launches[name] = await launchedBy(name);
        expect(Object.fromEntries(view.eggs.map((one) => [one.name, one.launches]))).toEqual(launches);
      }),
      { numRuns: runs(100) },
    );
  }, 300_000);
});
