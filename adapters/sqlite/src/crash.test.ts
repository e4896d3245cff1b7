import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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

const open = (path: string, mode: 'inline' | 'thread' = 'inline'): Promise<SqliteStore> =>
  createSqliteStore({
    path,
    clock,
    sealer,
    blobs: createMemoryBlobs(),
    logger: silentLogger,
    mode,
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

/** Commits the units of one wave at the same time, wave after wave. Answers where the log ended after each. */
async function writeWaves(store: SqliteStore, path: string, waves: readonly number[]): Promise<number[]> {
  const ids = createSeededIds(3, clock);
  const put = (name: string) => {
    const row = { name, on: true, why: 'y'.repeat(Math.floor(ids.random() * 3_000)) };
    return { kind: 'put', table: 'switches', row, when: { kind: 'any' } } as const;
  };
  const ends: number[] = [];
  for (const [wave, units] of waves.entries()) {
    const names = Array.from({ length: units }, (_, unit) => `${nameOf(wave)}.${nameOf(unit)}`);
    await Promise.all(
      names.map((name) => store.commit([put(`${name}-left`), put(`${name}-right`)], options)),
    );
    ends.push(statSync(`${path}-wal`).size);
  }
  return ends;
}

const nameOf = (place: number) => String(place).padStart(2, '0');

describe('a power cut', () => {
  const oneByOne = Array.from({ length: 7 }, () => 1);
  it.each([
    { mode: 'inline', waves: oneByOne, what: 'one by one' },
    { mode: 'thread', waves: [2, 30], what: 'in groups' },
  ] as const)(
    'leaves what was committed $what up to it, whole, wherever the log is cut',
    {
      timeout: 120_000,
    },
    async ({ mode, waves }) => {
      const path = join(root, `power-${mode}`, 'state.db');
      const store = await open(path, mode);
      const ends = await writeWaves(store, path, waves);
      const base = { db: readFileSync(path), wal: readFileSync(`${path}-wal`) };
      await store.close();
      const frames = Math.floor((base.wal.length - walHeaderBytes) / frameBytes);
      const borders = Array.from({ length: frames + 1 }, (_, frame) => walHeaderBytes + frame * frameBytes);
      const cuts = borders.flatMap((border) => [border, border + 24, border + 2_000]);

      const seen = new Set<number>();
      for (const cut of [0, 16, ...cuts.filter((place) => place <= base.wal.length)]) {
        const names = await namesAfterCut({ ...base, wal: base.wal.subarray(0, cut) });
        // A wave is one group: all of it is there once its last frame is, and nothing of it before.
        const safe = waves.slice(0, ends.filter((end) => end <= cut).length);
        expect(names).toEqual(safe.flatMap(namesOfWave));
        seen.add(safe.length);
      }
      expect(seen.size).toBe(waves.length + 1);
    },
  );
});

function namesOfWave(units: number, wave: number): string[] {
  const names = Array.from({ length: units }, (_, unit) => `${nameOf(wave)}.${nameOf(unit)}`);
  return names.flatMap((name) => [`${name}-left`, `${name}-right`]);
}

/** Opens the database with this log, finds it sound and answers the names in it. */
async function namesAfterCut(files: { db: Uint8Array; wal: Uint8Array }): Promise<string[]> {
  const path = join(mkdtempSync(join(root, 'cut-')), 'state.db');
  writeFileSync(path, files.db);
  writeFileSync(`${path}-wal`, files.wal);
  const db = new DatabaseSync(path);
  // The copy need not outlive anything.
  db.exec('PRAGMA synchronous = OFF');
  const check = db.prepare('PRAGMA integrity_check').all();
  expect(check).toEqual([{ integrity_check: 'ok' }]);
  db.close();
  const store = await open(path);
  const names = [...(await namesIn(store))];
  await store.close();
  rmSync(dirname(path), { recursive: true });
  return names;
}
