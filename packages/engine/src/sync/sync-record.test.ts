import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, expect, it } from 'vitest';
import { withLease } from '../leases/lease.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { recordSync } from './record.ts';
import { syncNest } from './sync-nest.ts';

let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({ clock, ids: createSeededIds(1, clock) });
});

const shown = async () => (await plane.engine().queries.health(direct)).problems.map(({ detail }) => detail);

it('says where a new file has errors until a commit mends it, however often the same commit is read', async () => {
  plane.git.commit({ ...nestOf({ a: {} }), 'Eggs/b/config.fly': 'egg "b" {\n  type = 7\n}\n' });
  await syncNest(plane.deps, direct);
  await syncNest(plane.deps, direct);

  expect(await shown()).toContainEqual(expect.stringMatching(/^Eggs\/b\/config\.fly:\d+: /));

  plane.git.commit(nestOf({ a: {} }));
  await syncNest(plane.deps, direct);
  expect((await shown()).join()).not.toContain('Eggs/b');
});

it('keeps the last 1,000 syncs', async () => {
  const at = { name: 'sync', watch: plane.deps.watch, signal: direct.signal };
  await withLease(plane.deps, at, async (lease) => {
    for (let n = 0; n < 1_003; n++) {
      await recordSync(plane.deps, { lease, commit: `c${n}`, status: 'success', unchanged: true }, direct);
    }
  });

  const rows = await plane.recording.rows('sync_history');
  expect(rows).toHaveLength(1_000);
  expect(rows.map((row) => row['git_commit'])).toContain('c1002');
  expect(rows.map((row) => row['git_commit'])).not.toContain('c2');
});
