import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { cliErrors } from './cli-errors.ts';

export interface NestText {
  /** Inside the Nest, `/`-separated. */
  readonly path: string;
  readonly text: string;
}

const passedOver = ['.git', '.gosling', 'node_modules'];
const folders = ['Eggs', 'UF', 'MG', 'Jobs', 'Envs'];
const biggestFile = 1024 * 1024;

/** The Nest that a path lies in: the nearest directory with a folder of a Nest; `undefined` where there is none. */
export async function findNest(start: string): Promise<string | undefined> {
  for (let directory = start; ; directory = path.dirname(directory)) {
    const names: readonly string[] = await readdir(directory).catch(() => []);
    if (names.includes('Nest.fly') || names.some((name) => folders.includes(name))) return directory;
    if (path.dirname(directory) === directory) return undefined;
  }
}

/** Every `.fly` file below, by path; symbolic links are not followed. */
export async function readFlyFiles(root: string): Promise<readonly NestText[]> {
  const found: NestText[] = [];
  const walk = (directory: string) => {
    const entries = readdirSync(directory, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = path.join(directory, entry.name);
      if (entry.isDirectory() && !passedOver.includes(entry.name)) walk(full);
      if (entry.isFile() && entry.name.endsWith('.fly')) found.push(readFlySync(root, full));
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
  const { size } = statSync(file);
  if (size > biggestFile) throw cliErrors.unreadable({ path: file, reason: 'it is bigger than 1 MiB' });
  return { path: path.relative(root, file).split(path.sep).join('/'), text: readFileSync(file, 'utf8') };
}

/** Bytes that are not UTF-8 were lost when the file was read: written back, they would be lost for good. */
export function isWritable({ text }: NestText): boolean {
  return !text.includes('\ufffd');
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
