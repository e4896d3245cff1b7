import { sha256Hex } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { contentKey } from '../blobs/content.ts';
import { createMemoryBlobs } from '../blobs/memory.ts';
import type { Row } from './store.ts';
import { sweepContent } from './sweep-content.ts';
import type { TableName } from './tables.ts';

const options = { signal: new AbortController().signal };
const dayMs = 86_400_000;
const mostAtOnce = 10_000;

it('finds what no row names behind as many values as one pass looks at, and begins again at the end', async () => {
  const clock = createFakeClock();
  const blobs = createMemoryBlobs({ clock });
  const texts = Array.from({ length: mostAtOnce + 2 }, (_, n) => String(n));
  const byKey = new Map(texts.map((text) => [contentKey('bundles', sha256Hex(text)), text]));
  const keys = [...byKey.keys()].toSorted();
  for (const key of keys) await blobs.write(key, new TextEncoder().encode(byKey.get(key)), options);
  const [first = ''] = keys;
  const named = new Set(keys.slice(0, -1));
  const rows = {
    async storedPage(table: TableName) {
      const items: Row[] = table === 'deployment_plans' ? [...named].map((key) => ({ bundle_ref: key })) : [];
      return { items };
    },
  };
  const sweep = async () => {
    await clock.advance(8 * dayMs);
    return sweepContent({ rows, blobs, clock, keptMs: 7 * dayMs }, options);
  };

  const passes = [await sweep(), await sweep(), await sweep()];
  named.delete(first);
  const again = [await sweep(), await sweep(), await sweep()];

  const nothing = { aside: 0, restored: 0, removed: 0 };
  expect(passes).toEqual([nothing, { ...nothing, aside: 1 }, { ...nothing, removed: 1 }]);
  expect(again.reduce((sum, { removed }) => sum + removed, 0)).toBe(1);
  expect(await blobs.list('', mostAtOnce, options)).toEqual(keys.slice(1, -1));
}, 60_000);
