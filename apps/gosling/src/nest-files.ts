import { readdirSync, readFileSync, statSync } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { limits } from '@polar-gosling/fly';
import { cliErrors } from './cli-errors.ts';

export interface NestText {
  /** Inside the Nest, `/`-separated. */
  readonly path: string;
  /** Empty for a file that is too big to be read (`isTooBig`). */
  readonly text: string;
  /** Absent: none of a disk. */
  readonly sizeBytes?: number;
}

const passedOver = ['.git', '.gosling', 'node_modules'];
const folders = ['Eggs', 'UF', 'MG', 'Jobs', 'Envs'];

/** The Nest that a path lies in: the nearest directory with a folder of a Nest; `undefined` where there is none. */
export async function findNest(start: string): Promise<string | undefined> {
  for (let directory = start; ; directory = path.dirname(directory)) {
    const names: readonly string[] = await readdir(directory).catch(() => []);
    if (names.includes('Nest.fly') || names.some((name) => folders.includes(name))) return directory;
    if (path.dirname(directory) === directory) return undefined;
  }
}

/** Is what a person named a directory, or a file? A symbolic link to a file is neither: nothing is written through it. */
export async function kindOf(absolute: string, given: string): Promise<'directory' | 'file'> {
  const found = await lstat(absolute).catch((error: unknown) => {
    throw cliErrors.missing({ what: given, fix: 'check the path' }, { cause: error });
  });
  const target = found.isSymbolicLink() ? await stat(absolute).catch(() => found) : found;
  if (target.isDirectory()) return 'directory';
  if (found.isFile()) return 'file';
  if (!found.isSymbolicLink()) throw cliErrors.usage({ problem: `${given} is no file` });
  throw cliErrors.usage({
    problem: `${given}: a symbolic link is not followed`,
    fix: 'name the file that it leads to',
  });
}

/** Every `.fly` file below, by path; symbolic links are not followed. `CLI_UNREADABLE` beyond 10,000 files or 64 MiB. */
export async function readFlyFiles(root: string): Promise<readonly NestText[]> {
  const found: NestText[] = [];
  let bytes = 0;
  const take = (full: string) => {
    const file = readFlySync(root, full);
    if (!isTooBig(file)) bytes += file.sizeBytes ?? 0;
    found.push(file);
    checkTotals(root, { files: found.length, bytes });
  };
  const walk = (directory: string) => {
    const entries = readdirSync(directory, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = path.join(directory, entry.name);
      if (entry.isDirectory() && !passedOver.includes(entry.name)) walk(full);
      if (entry.isFile() && entry.name.endsWith('.fly')) take(full);
    }
  };
  walk(root);
  return found;
}

export async function readFly(root: string, file: string): Promise<NestText> {
  return readFlySync(root, file);
}

// A Nest is a thousand files of a kilobyte: to hand each of their calls to another thread and wait for it costs four
// times the CPU time of the calls.
function readFlySync(root: string, file: string): NestText {
  const { size: sizeBytes } = statSync(file);
  const text = sizeBytes > limits.fileOfNestBytes ? '' : readFileSync(file, 'utf8');
  return { path: path.relative(root, file).split(path.sep).join('/'), text, sizeBytes };
}

function checkTotals(
  root: string,
  { files, bytes }: { readonly files: number; readonly bytes: number },
): void {
  const { nest } = limits;
  if (files > nest.files) {
    throw cliErrors.unreadable({ path: root, reason: `it has more than ${nest.files} .fly files` });
  }
  if (bytes > nest.bytes) {
    throw cliErrors.unreadable({ path: root, reason: 'its .fly files have more than 64 MiB' });
  }
}

/** A file of more than 1 MiB: nothing but its size is known, and FLY091 says so. */
export function isTooBig({ sizeBytes = 0 }: NestText): boolean {
  return sizeBytes > limits.fileOfNestBytes;
}

/** What was lost when the file was read, as bytes that are not UTF-8, would be lost for good when it is written back. */
export function isWritable(file: NestText): boolean {
  return !isTooBig(file) && !file.text.includes('\ufffd');
}

/** The Git repository a directory lies in. */
export async function findRepository(directory: string): Promise<string | undefined> {
  for (let root = directory; ; root = path.dirname(root)) {
    const isRoot = await stat(path.join(root, '.git')).then(
      () => true,
      () => false,
    );
    if (isRoot) return root;
    if (path.dirname(root) === root) return undefined;
  }
}

/** Where a directory lies inside its Git repository, as `nest/`; empty for the root, or where there is none. */
export async function folderInRepository(directory: string): Promise<string> {
  const root = (await findRepository(directory)) ?? directory;
  return root === directory ? '' : `${path.relative(root, directory).split(path.sep).join('/')}/`;
}
