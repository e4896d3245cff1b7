import { configHash, type EggConfig, machineHash } from '@polar-gosling/domain';
import type { NestFile, NestRead } from '@polar-gosling/nest';
import type { EggConfigRow } from '@polar-gosling/ports/store';

export interface ComparedEgg {
  readonly config: EggConfig;
  readonly configHash: string;
  readonly machineHash: string;
  readonly change: 'new' | 'changed' | 'same';
  readonly row: EggConfigRow | undefined;
}

/** Why an Egg's newest text is not in force. */
export interface InvalidEgg {
  readonly row: EggConfigRow;
  readonly problem: {
    readonly code: string;
    readonly file: string;
    readonly line: number;
    readonly message: string;
  };
}

export interface NestChange {
  readonly eggs: readonly ComparedEgg[];
  /** Their files have errors: the last good version stays. */
  readonly invalid: readonly InvalidEgg[];
  /** Gone from the Nest: drain, remove, forget. */
  readonly removed: readonly string[];
  /** Files with errors. */
  readonly badFiles: readonly string[];
}

/** What a commit means against what is in force. Pure. */
export function compareNest(at: {
  read: NestRead;
  files: readonly NestFile[];
  rows: readonly EggConfigRow[];
  machineRevision: number;
}): NestChange {
  const byName = new Map(at.rows.map((row) => [row.name, row]));
  const badFiles = at.read.perFile.filter(({ ok }) => !ok).map(({ path }) => path);
  const eggs = at.read.eggs.map((config) => compareEgg(config, byName.get(config.name), at.machineRevision));
  const here = new Set<string>(at.read.eggs.map(({ name }) => name));
  const missing = at.rows.filter((row) => !here.has(row.name) && row.status !== 'draining');
  const hiding = hidingFiles(at);
  // A file that cannot be read says nothing about the Eggs it held: absence is proved only by good files.
  const invalid = missing.flatMap((row) => {
    const problem = problemOf(at.read, row) ?? mayStandIn(hiding, row);
    return problem === undefined ? [] : [{ row, problem }];
  });
  const kept = new Set(invalid.map(({ row }) => row.name));
  const removed = missing.filter(({ name }) => !kept.has(name)).map(({ name }) => name);
  return { eggs, invalid, removed, badFiles };
}

function compareEgg(config: EggConfig, row: EggConfigRow | undefined, machineRevision: number): ComparedEgg {
  const hashes = { configHash: configHash(config), machineHash: machineHash(config, machineRevision) };
  const isSame =
    row?.config_hash === hashes.configHash &&
    row.machine_hash === hashes.machineHash &&
    row.status === 'active';
  const changed = row === undefined ? 'new' : 'changed';
  return { config, ...hashes, row, change: isSame ? 'same' : changed };
}

type Problem = InvalidEgg['problem'];

interface HidingFile {
  readonly text: string;
  /** No Egg that we know came from it, or nobody has read it: any of them may have been moved there. */
  readonly mayHoldAny: boolean;
  readonly error: Problem;
}

/** Files with errors in which an Egg may stand that is nowhere else. */
function hidingFiles(at: Parameters<typeof compareNest>[0]): HidingFile[] {
  const known = new Set(at.rows.map(({ source_file }) => source_file));
  return at.read.perFile.flatMap((file) => {
    if (file.ok || !file.path.startsWith('Eggs/')) return [];
    const { text = '', sizeBytes } = at.files.find(({ path }) => path === file.path) ?? {};
    const mayHoldAny = !known.has(file.path) || sizeBytes !== undefined;
    return [{ text, mayHoldAny, error: firstError(at.read, file) }];
  });
}

/** The label makes the Egg, not the file: one whose file was renamed and broken in one commit is not gone. */
function mayStandIn(files: readonly HidingFile[], { name }: EggConfigRow): Problem | undefined {
  // A label is of letters, digits and dashes: nothing in it needs to be escaped.
  const label = new RegExp(`(?<![A-Za-z0-9_-])${name}(?![A-Za-z0-9_-])`, 'i');
  const file = files.find(({ text, mayHoldAny }) => mayHoldAny || label.test(text));
  if (file === undefined) return undefined;
  const { code, file: path, line, message } = file.error;
  const why = `Egg ${name} may stand in this file, which has errors, so it is not removed`;
  return { code, file: path, line, message: `${why}: ${message}` };
}

function problemOf(read: NestRead, row: EggConfigRow): Problem | undefined {
  const file = read.perFile.find(({ path }) => path === row.source_file);
  return file === undefined || file.ok ? undefined : firstError(read, file);
}

function firstError(read: NestRead, file: NestRead['perFile'][number]): Problem {
  const others = read.perFile.filter(({ path }) => file.blockedBy.includes(path));
  const found = [file, ...others].flatMap(({ diagnostics }) => diagnostics);
  const first = found.find(({ severity }) => severity === 'error');
  return {
    code: first?.code ?? 'FLY000',
    file: first?.file ?? file.path,
    line: first?.range.start.line ?? 1,
    message: first?.message ?? 'the file has errors',
  };
}
