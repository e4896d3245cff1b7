import { expect, it } from 'vitest';
import { findFiles, readText, rootUrl } from './repository.ts';

const sources = findFiles('{packages,adapters,apps}/*/src/**/*.ts', [
  '**/*.test.ts',
  '**/contract.ts',
  '**/testing/**',
]);
const sections = readText('docs/errors.md').matchAll(
  /^### (\w+)\n\n(?:(\d{3}) · )?(.+)\n\*\*What to do:\*\* (.+(?:\n.+)*)$/gm,
);
const page = [...sections].map(([, code = '', http, meaning = '', todo = '']) => ({
  code,
  http: http === undefined ? undefined : Number(http),
  meaning,
  todo: todo.replaceAll('\n', ' '),
}));

it('has a section of meaning and what to do for each heading, one for each code', () => {
  const headings = [...readText('docs/errors.md').matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);

  expect(page.map(({ code }) => code)).toEqual(headings);
  expect(new Set(headings).size).toBe(headings.length);
  expect(page.filter(({ meaning, todo }) => meaning.length < 20 || todo.length < 8)).toEqual([]);
});

it('is what gosling explain shows, which reads no docs where it is installed (vitest -u writes it)', async () => {
  const texts = Object.fromEntries(page.map(({ code, ...text }) => [code, text]));

  await expect(`${JSON.stringify(texts, null, 2)}\n`).toMatchFileSnapshot(
    new URL('apps/gosling/src/error-codes.json', rootUrl).pathname,
  );
});

it('documents every error that is thrown, with its HTTP status, and no other', async () => {
  const files = sources.filter((path) => / = defineErrors\(/.test(readText(path)));
  const catalogues = await Promise.all(files.map(readCatalogues));
  const thrown = catalogues.flat().map(({ code, http }) => `${code} ${http}`);
  const documented = page.filter(({ http }) => http !== undefined).map(({ code, http }) => `${code} ${http}`);

  // A code that has no catalogue: what a client sees of an error that is not ours.
  expect(documented.toSorted()).toEqual([...thrown, 'KERNEL_INTERNAL 500'].toSorted());
});

it('names the codes that put a task aside, and no other', async () => {
  const files = sources.filter((path) => / = defineErrors\(/.test(readText(path)));
  const catalogues = await Promise.all(files.map(readCatalogues));
  const poison = catalogues.flat().flatMap(({ code, isPoison }) => (isPoison ? [code] : []));
  const told = page.find(({ code }) => code === 'TASKS_BURIED')?.meaning.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g);

  expect(told).toEqual(poison.toSorted());
});

it('documents every code that is told without being thrown, and no other', () => {
  const all = sources.map(readText).join('\n');
  const told = [...all.matchAll(/\bcode: '([A-Z]+(?:_[A-Z]+)*)'/g)].map(([, code]) => code);
  const documented = page.map(({ code }) => code);
  const unthrown = page.filter(({ http }) => http === undefined).map(({ code }) => code);

  expect([...new Set(told)].filter((code) => !documented.includes(code ?? ''))).toEqual([]);
  expect(unthrown.filter((code) => !all.includes(`'${code}'`))).toEqual([]);
});

interface Coded {
  readonly code: string;
  readonly http: number;
  readonly isPoison: boolean;
}

/** What the catalogues of a module make; a catalogue that is not exported is a failure: nobody could check it. */
async function readCatalogues(path: string): Promise<Coded[]> {
  const module: Record<string, unknown> = await import(new URL(path, rootUrl).href);
  const catalogues = Object.values(module).filter(
    (exported) => typeof exported === 'object' && exported !== null,
  );
  const coded = catalogues.flatMap((catalogue) => Object.values(catalogue ?? {}).filter(isFactory));
  expect(coded.length, `errors that ${path} exports`).toBeGreaterThan(0);
  return coded.map(({ code, http, isPoison }) => ({ code, http, isPoison }));
}

function isFactory(member: unknown): member is Coded {
  return typeof member === 'function' && 'code' in member && 'http' in member;
}
