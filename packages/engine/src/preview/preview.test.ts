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

async function launchOne(): Promise<string> {
  const job = {
    serverProject: 'gitlab.com#1',
    jobId: 1,
    name: 'b',
    ref: 'm',
    pipelineId: 1,
    tags: ['linux'],
  };
  await applyJob(plane.deps, { ...job, status: 'pending' }, direct);
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
    const row = { git_commit: commit, by: 'me', at: 0 };
    await plane.deps.store.commit(
      [{ kind: 'put', table: 'sync_confirmations', row, when: { kind: 'any' } }],
      direct,
    );
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

  it('Feature: gitops-runner-orchestration, Property 24: a preview writes nothing and says what the sync then does', async () => {
    const egg = fc.record({ mib: fc.constantFrom(1024, 2048), concurrent: fc.constantFrom(2, 3) });
    const nest = fc.dictionary(fc.constantFrom('app', 'b', 'c'), egg, { minKeys: 1 });
    const toFiles = (eggs: Record<string, { mib: number; concurrent: number }>) =>
      nestOf(
        Object.fromEntries(
          Object.entries(eggs).map(([name, { mib, concurrent }]) => [name, { ...memory(mib), concurrent }]),
        ),
      );
    await fc.assert(
      fc.asyncProperty(nest, nest, async (before, after) => {
        plane = await aPlane();
        await install(plane, toFiles(before));
        const rows = await plane.recording.everything();

        const view = await plane.engine().previews.preview({ files: filesOf(toFiles(after)) }, direct);
        expect(await plane.recording.everything()).toEqual(rows);

        plane.git.commit(toFiles(after));
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
      }),
      { numRuns: runs(100) },
    );
  }, 300_000);
});
