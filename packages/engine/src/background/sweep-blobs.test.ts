import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
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
  return { clock, plane, blobs, told, sweep: () => sweepBlobs(plane.deps, direct) };
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
