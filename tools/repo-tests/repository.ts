import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const rootUrl = new URL('../../', import.meta.url);
const root = fileURLToPath(rootUrl);
const notOurs = [
  '**/node_modules/**',
  '**/dist/**',
  '**/coverage/**',
  '.cache/**',
  '.git/**',
  '**/.gosling/**',
];

/** Files of the repository by glob pattern, as paths from its root; without what is installed or made. */
export function findFiles(pattern: string | readonly string[], exclude: readonly string[] = []): string[] {
  const found = globSync([pattern].flat(), {
    cwd: root,
    exclude: [...notOurs, ...exclude],
    withFileTypes: true,
  });
  const files = found.filter((entry) => entry.isFile());
  return files.map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length)).toSorted();
}

export function readText(path: string): string {
  return readFileSync(new URL(path, rootUrl), 'utf8');
}

// biome-ignore lint/suspicious/noExplicitAny: package.json and the like, whose form the tests know
export function readJson(path: string): any {
  return JSON.parse(readText(path));
}

/** Rows of the Markdown tables of a page whose first cell is code: its text, and the other cells. */
export function readTable(path: string): { key: string; cells: string[] }[] {
  const rows = readText(path).matchAll(/^\| `([^`]+)` \|(.*)\|$/gm);
  return [...rows].map(([, key = '', rest = '']) => ({
    key,
    cells: rest.split(' | ').map((cell) => cell.trim()),
  }));
}
