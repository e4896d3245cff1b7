import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { pauseHolder, raceForLeases } from './lease-cases.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-leases-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newPlace = () => ({ kind: 'sqlite', at: join(mkdtempSync(join(root, 'db-')), 'state.db') }) as const;

describe('leases over SQLite', () => {
  it('never have two holders with one fence, whoever is killed', () => raceForLeases(newPlace()), 120_000);

  it(
    'let a holder that stood still write nothing once another has its lease',
    () => pauseHolder(newPlace()),
    120_000,
  );
});
