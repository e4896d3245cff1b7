import { sha256Hex } from '@polar-gosling/kernel';
import { blobErrors } from '@polar-gosling/ports/blobs';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import type { StoredRows } from '@polar-gosling/ports/store/adapter';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createControlPlane } from '../testing/control-plane.ts';
import { direct } from '../testing/install.ts';
import { sweepBlobs } from './sweep-blobs.ts';

const dayMs = 86_400_000;

async function aPlane() {
  const clock = createFakeClock();
  const blobs = createMemoryBlobs({ clock });
  const told: unknown[] = [];
  const plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    wrap: (deps) => ({
      ...deps,
      blobs,
      metrics: { ...deps.metrics, blobs: (found) => void told.push(found) },
    }),
  });
  const storedRows: StoredRows = {
    storedPage: async (table) => ({ items: await plane.recording.rows(table) }),
  };
  return { clock, plane, blobs, told, sweep: () => sweepBlobs({ ...plane.deps, storedRows }, direct) };
}

describe('the sweep of blobs', () => {
  it('removes what runs left whose rows have ended, a week after it was written', async () => {
    const { clock, plane, blobs, told, sweep } = await aPlane();
    for (const run of ['ended', 'known']) {
      for (const name of ['log.jsonl', 'errored.tfstate']) {
        await blobs.write(`runs/${run}/${name}`, Uint8Array.of(1), direct);
      }
    }
    await blobs.write('tofu-states/web/terraform.tfstate', Uint8Array.of(1), direct);
    const row = { id: 'known', egg_name: 'app', started_at: 1 };
    await plane.deps.store.commit([{ kind: 'put', table: 'runs', row, when: { kind: 'any' } }], direct);

    await clock.advance(7 * dayMs);
    await sweep();
    expect(await blobs.list('', 9, direct)).toHaveLength(5);
    await clock.advance(1);
    await sweep();

    expect(await blobs.list('', 9, direct)).toEqual([
      'runs/known/errored.tfstate',
      'runs/known/log.jsonl',
      'tofu-states/web/terraform.tfstate',
    ]);
    expect(told).toEqual([
      { aside: 0, removed: 0 },
      { aside: 0, removed: 2 },
    ]);
  });

  it('removes binaries that no version names any more, and moves what earlier releases kept to its own place', async () => {
    const { clock, plane, blobs, sweep } = await aPlane();
    const sums = ['kept', 'left', 'old'].map((text) => sha256Hex(text));
    const keyOf = (sum = '') => `tofu-binaries/1.12.6/linux_amd64/${sum}`;
    for (const text of ['kept', 'left']) {
      await blobs.write(keyOf(sha256Hex(text)), new TextEncoder().encode(text), direct);
    }
    await blobs.write('tofu-binaries/1.12.6/linux_amd64/tofu', new TextEncoder().encode('old'), direct);
    for (const sum of [sums[0], sums[2]]) {
      const row = { version_id: `v${sum}`, release: '1.12.6', sha256_hash: sum, active: false };
      const write = { kind: 'put', table: 'opentofu_version', row, when: { kind: 'any' } } as const;
      await plane.deps.store.commit([write], direct);
    }

    await sweep();
    const moved = await blobs.list('tofu-binaries/', 9, direct);
    await clock.advance(8 * dayMs);
    await sweep();
    const aside = await blobs.list('unreferenced/', 9, direct);
    await clock.advance(8 * dayMs);
    await sweep();

    expect(moved).toEqual(sums.map(keyOf).toSorted());
    expect(aside).toEqual([`unreferenced/${keyOf(sums[1])}`]);
    expect(await blobs.list('', 9, direct)).toEqual([keyOf(sums[0]), keyOf(sums[2])].toSorted());
  });

  it('leaves a binary of an earlier release alone that is damaged, and goes on', async () => {
    const { blobs, sweep } = await aPlane();
    const keys = ['1.12.5', '1.12.6'].map((version) => `tofu-binaries/${version}/linux_amd64/tofu`);
    for (const key of keys) await blobs.write(key, Uint8Array.of(1), direct);
    const { openRead } = blobs;
    blobs.openRead = async (key, call) => {
      if (key === keys[0]) throw blobErrors.corrupt({ key });
      return openRead(key, call);
    };

    await sweep();

    expect(await blobs.list('', 9, direct)).toEqual([
      keys[0],
      `tofu-binaries/1.12.6/linux_amd64/${sha256Hex(Uint8Array.of(1))}`,
    ]);
  });

  it('is done once a day, by one of all processes', async () => {
    const { clock, plane, told } = await aPlane();
    plane.start();
    await plane.run(10_000);
    await plane.stop();
    expect(told).toHaveLength(1);

    await clock.advance(dayMs);
    plane.start();
    await plane.run(10_000);
    await plane.stop();

    expect(told).toHaveLength(2);
  });
});
