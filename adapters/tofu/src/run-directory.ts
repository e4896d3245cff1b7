import { appendFile, chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { findProcessesIn, type ProcessIdentity } from './process-identity.ts';

const RecordedProcess = z.strictObject({
  pid: z.number(),
  startTime: z.string(),
  bootId: z.string(),
  interruptMarker: z.string(),
});
/** The process a run had last: enough to end that one later and no other. */
export type RecordedProcess = Readonly<z.infer<typeof RecordedProcess>>;

const oldMs = 24 * 3_600_000;
const recordName = 'process.json';

export function runDirOf(dataDir: string, runId: string): string {
  return join(dataDir, 'runs', runId);
}

/** The plan of a run, in its directory. */
export const planFile = 'tfplan';

/**
 * Makes the directory of a run, for its owner only, and writes the bundle into it. Fails when it is there; where it cannot
 * be written whole nothing of it stays.
 */
export async function makeRunDirectory(
  runDir: string,
  files: ReadonlyMap<string, string>,
  savedPlan?: Uint8Array,
): Promise<void> {
  await mkdir(dirname(runDir), { recursive: true, mode: 0o700 });
  await mkdir(runDir, { mode: 0o700 });
  try {
    await writeAll(runDir, files, savedPlan);
  } catch (error) {
    await wipeRunDirectory(runDir);
    throw error;
  }
}

async function writeAll(
  runDir: string,
  files: ReadonlyMap<string, string>,
  savedPlan: Uint8Array | undefined,
): Promise<void> {
  const folders = new Set([...files.keys()].map((path) => dirname(join(runDir, path))));
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  const write = ([path, text]: [string, string]) => writeFile(join(runDir, path), text, { mode: 0o600 });
  await Promise.all([...files].map(write));
  if (savedPlan !== undefined) await writeFile(join(runDir, planFile), savedPlan, { mode: 0o600 });
}

export async function recordProcess(
  runDir: string,
  recorded: ProcessIdentity & { bootId: string; interruptMarker: string },
): Promise<void> {
  // Appended: a file that takes the place of another is brought to the disk first, and the next commit waits for it.
  await appendFile(join(runDir, recordName), `${JSON.stringify(recorded)}\n`, { mode: 0o600 });
}

/** What was recorded last; `undefined` when nothing was. */
export async function readRecordedProcess(runDir: string): Promise<RecordedProcess | undefined> {
  const text = await readFile(join(runDir, recordName), 'utf8').catch(() => '');
  // A line that has no end was being written.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1) || text;
  const last = whole.split('\n').findLast((line) => line !== '');
  return last === undefined ? undefined : RecordedProcess.parse(JSON.parse(last));
}

/** Removes a run's directory with all it held. */
export async function wipeRunDirectory(runDir: string): Promise<void> {
  await rm(runDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/**
 * Removes what runs have left here that were settled by another host, or that nobody has a row of: nothing works in it any
 * more, and it was made longer ago than a run lasts. A state that OpenTofu could not write is left where it is.
 */
export async function wipeOldRuns(dataDir: string, now: number): Promise<void> {
  const runs = join(dataDir, 'runs');
  for (const name of await readdir(runs).catch(() => [])) {
    const runDir = join(runs, name);
    const made = await stat(runDir).catch(() => undefined);
    if (made === undefined || now - made.mtimeMs < oldMs) continue;
    const isKept = (await stat(join(runDir, 'errored.tfstate')).catch(() => undefined)) !== undefined;
    if (!isKept && findProcessesIn(runDir).length === 0) await wipeRunDirectory(runDir);
  }
}

/** Writes a whole file or nothing; a reader sees the old or the new one. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await chmod(`${path}.new`, mode);
  await rename(`${path}.new`, path);
}
