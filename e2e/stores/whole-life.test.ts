import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runs } from '@polar-gosling/testkit';
import { afterAll, describe, it } from 'vitest';
import { liveWithFailures } from './whole-life.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-life-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newPlace = () => ({ kind: 'sqlite', at: join(mkdtempSync(join(root, 'db-')), 'state.db') }) as const;
/** Each is a whole life with thousands of commits. */
const tries = Math.ceil(runs(100) / 25);

describe('from push to green to removed, over SQLite', () => {
  it.each(['before', 'after'] as const)(
    'gets there whichever call fails (%s it took effect)',
    (when) => liveWithFailures(newPlace, { when, tries }),
    // Every call of it takes minutes.
    3_600_000,
  );
});
