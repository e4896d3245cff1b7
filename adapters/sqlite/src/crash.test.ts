import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { createSystemClock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { createSeededIds, runs } from '@polar-gosling/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { createSqliteStore, type SqliteStore } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-crash-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { signal: new AbortController().signal };
const clock = createSystemClock();
const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
/** 40 in `npm test`, 200 in `npm run nightly`. */
const cycles = Math.min(200, runs(40));
/** What one file has gone through is read again after each kill: with another file now and then it stays short. */
const cyclesPerFile = 8;
const child = fileURLToPath(new URL('./crash.child.ts', import.meta.url));

const open = (path: string): Promise<SqliteStore> =>
  createSqliteStore({
    path,
    clock,
    sealer,
    blobs: createMemoryBlobs(),
    logger: silentLogger,
    mode: 'inline',
  });

/** Lets a child write and kills it after `acknowledgements` lines; answers the ids that it was told are safe. */
async function writeUntilKilled(path: string, first: number, acknowledgements: number): Promise<string[]> {
  const writer = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', child, path, String(first)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > acknowledgements) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  const complete = output.slice(0, output.lastIndexOf('\n') + 1);
  return [...complete.matchAll(/^ok (.+)$/gm)].map(([, id]) => String(id));
}

async function namesIn(store: SqliteStore): Promise<Set<string>> {
  const names = new Set<string>();
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const query = { table: 'switches', limit: 1_000, ...(cursor === undefined ? {} : { cursor }) } as const;
    const page = await store.list(query, options);
    for (const row of page.items) names.add(String(row['name']));
    cursor = page.cursor;
  }
  return names;
}

describe('a writer killed with SIGKILL', () => {
  it('loses nothing that was acknowledged and leaves no unit half, at any moment', {
    timeout: 600_000,
  }, async () => {
    const random = createSystemIds(clock);
    let acknowledged: string[] = [];
    let total = 0;

    for (let cycle = 0; cycle < cycles; cycle++) {
      if (cycle % cyclesPerFile === 0) acknowledged = [];
      const path = join(root, `killed-${Math.floor(cycle / cyclesPerFile)}`, 'state.db');
      const lines = 1 + Math.floor(random.random() * 400);
      const safe = await writeUntilKilled(path, cycle * 1_000_000, lines);
      acknowledged.push(...safe);
      total += safe.length;

      const store = await open(path);
      const names = await namesIn(store);
      const lost = acknowledged.filter((id) => !names.has(`${id}-left`) || !names.has(`${id}-right`));
      const half = [...names].filter((name) => !names.has(otherHalf(name)));
      expect(await store.integrityCheck(options)).toEqual([]);
      await store.close();
      expect({ lost, half }).toEqual({ lost: [], half: [] });
    }
    expect(total).toBeGreaterThan(cycles);
  });
});

function otherHalf(name: string): string {
  return name.endsWith('-left') ? name.replace(/-left$/, '-right') : name.replace(/-right$/, '-left');
}

const walHeaderBytes = 32;
const frameBytes = 24 + 4_096;

describe('a power cut', () => {
  it('leaves what was committed up to it, wherever the log is cut', { timeout: 120_000 }, async () => {
    const path = join(root, 'power', 'state.db');
    const store = await open(path);
    const ids = createSeededIds(3, clock);
    for (let unit = 0; unit < 7; unit++) {
      const row = (name: string) => ({ name, on: true, why: 'y'.repeat(Math.floor(ids.random() * 7_000)) });
      const put = (name: string) =>
        ({ kind: 'put', table: 'switches', row: row(name), when: { kind: 'any' } }) as const;
      const number = String(unit).padStart(2, '0');
      await store.commit([put(`${number}-left`), put(`${number}-right`)], options);
    }
    const wal = readFileSync(`${path}-wal`);
    copyFileSync(path, join(root, 'base.db'));
    await store.close();

    const frames = Math.floor((wal.length - walHeaderBytes) / frameBytes);
    const borders = Array.from({ length: frames + 1 }, (_, frame) => walHeaderBytes + frame * frameBytes);
    const cuts = borders.flatMap((border) => [border, border + 24, border + 2_000]);
    const seen = new Set<number>();
    for (const cut of [0, 16, ...cuts.filter((place) => place <= wal.length)]) {
      const units = await unitsAfterCut(wal.subarray(0, cut));
      seen.add(units);
    }

    expect([...seen].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 8 }, (_, units) => units));
  });
});

/** Opens the database with this much of its log; answers how many units are in it, and that those are the first. */
async function unitsAfterCut(wal: Uint8Array): Promise<number> {
  const path = join(mkdtempSync(join(root, 'cut-')), 'state.db');
  copyFileSync(join(root, 'base.db'), path);
  writeFileSync(`${path}-wal`, wal);
  const db = new DatabaseSync(path);
  const check = db.prepare('PRAGMA integrity_check').all();
  expect(check).toEqual([{ integrity_check: 'ok' }]);
  db.close();
  const store = await open(path);
  const names = [...(await namesIn(store))];
  await store.close();
  const expected = Array.from({ length: names.length / 2 }, (_, unit) => String(unit).padStart(2, '0'));
  expect(names).toEqual(expected.flatMap((unit) => [`${unit}-left`, `${unit}-right`]));
  return names.length / 2;
}
