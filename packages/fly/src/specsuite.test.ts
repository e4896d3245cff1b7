import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkFly, codes, formatFly, parseFly } from './index.ts';
import { goldens } from './testing/goldens.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const suite = `${root}specsuite/fly/`;
const spec = readFileSync(`${root}docs/spec/fly.md`, 'utf8');
const rules = [...spec.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, id]) => id ?? '');
const cases = globSync('*/*/main{.fly,.repeat.json}', { cwd: suite }).toSorted();
const folders = new Set(globSync('rules/*', { cwd: suite }).map((path) => path.slice('rules/'.length)));

/** The text of a case; one that would be too big to keep is written as a head, what repeats, and a tail. */
function readCase(path: string): string {
  const text = readFileSync(suite + path, 'utf8');
  if (path.endsWith('.fly')) return text;
  const { head, repeat, times, tail } = JSON.parse(text);
  return head + repeat.repeat(times) + tail;
}

describe('the rules of docs/spec/fly.md', () => {
  it('have numbers of their own and a case each, and no case is without a rule', () => {
    expect(new Set(rules).size).toBe(rules.length);
    expect(rules.length).toBeGreaterThan(70);
    expect([...folders].toSorted()).toEqual(rules.toSorted());
  });

  it.each(rules)('%s has a case that is run', (id) => {
    const folder = `${suite}rules/${id}/`;
    const isOfOneFile = cases.some((path) => path.startsWith(`rules/${id}/`));

    // Cases of several files are run by the package that reads a whole Nest.
    expect(isOfOneFile || globSync('nest/**/*.fly', { cwd: folder }).length > 0).toBe(true);
    expect(existsSync(`${folder}${isOfOneFile ? 'main' : 'nest'}.diag`)).toBe(true);
  });
});

describe('the codes', () => {
  const invalid = new Set(globSync('invalid/*', { cwd: suite }).map((path) => path.slice('invalid/'.length)));

  it('stand in the rules, each of them', () => {
    const spaced = spec.replaceAll(/FLY(\d+)–(\d+)/g, (_, first, last) =>
      Array.from(
        { length: last - first + 1 },
        (__, at) => `FLY${String(Number(first) + at).padStart(3, '0')}`,
      ).join(),
    );

    expect(Object.keys(codes).filter((code) => !spaced.includes(code))).toEqual([]);
  });

  it('have an invalid sample each', () => {
    expect([...invalid].toSorted()).toEqual(Object.keys(codes).toSorted());
  });

  it.each(cases.filter((path) => path.startsWith('invalid/')))('%s shows its code and no other', (path) => {
    const found = checkFly(parseFly(readCase(path))).diagnostics;

    expect(found.map(({ code }) => code)).toEqual([dirname(path).slice('invalid/'.length)]);
  });
});

describe.each(cases)('%s', (path) => {
  it('is as its goldens say', async () => {
    const text = readCase(path);

    expect(goldensOf(path).map(({ name }) => name)).toContain('diag');
    for (const { file, print } of goldensOf(path)) await expect(print(text)).toMatchFileSnapshot(file);
  });
});

describe.each(cases.filter((path) => path.endsWith('.fly')))('%s', (path) => {
  it('is the same with CRLF', () => {
    const unix = readCase(path).replaceAll('\r\n', '\n');
    const windows = unix.replaceAll('\n', '\r\n');

    // A block that cannot be read keeps its line ends.
    for (const { print } of goldensOf(path))
      expect(print(windows).replaceAll('\r\n', '\n')).toBe(print(unix));
  });

  it('is formatted once and for all', () => {
    const formatted = formatFly(readCase(path));

    expect(formatFly(formatted)).toBe(formatted);
  });
});

function goldensOf(path: string) {
  return Object.entries(goldens)
    .map(([name, print]) => ({ name, print, file: `${suite}${dirname(path)}/main.${name}` }))
    .filter(({ file }) => existsSync(file));
}
