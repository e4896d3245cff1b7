import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Diagnostic } from '@polar-gosling/fly';
import { describe, expect, it } from 'vitest';
import { explainPool } from './explain/explain-pool.ts';
import { parseFiles, readNest } from './read-nest.ts';

const suite = fileURLToPath(new URL('../../../specsuite/fly/', import.meta.url));
const cases = globSync('*/*/nest/', { cwd: suite }).toSorted();

function filesOf(path: string) {
  const cwd = suite + path;
  return globSync('**/*.fly', { cwd }).map((name) => ({
    path: name,
    text: readFileSync(`${cwd}/${name}`, 'utf8'),
  }));
}

const sameText = (text: string) => text;
const withCrlf = (text: string) => text.replaceAll(/\r?\n/g, '\r\n');

/** Reads the Nest of a case; one that has an environment is read in it. */
function readCase(path: string, lineEndsOf = sameText) {
  const files = filesOf(path).map((file) => ({ ...file, text: lineEndsOf(file.text) }));
  const limitsFile = `${suite}${path}/../limits.json`;
  const isProd = files.some((file) => file.path === 'Envs/prod.fly');
  return readNest(files, {
    ...(existsSync(`${suite}${path}/../before`) && { before: filesOf(path.replace(/nest$/, 'before')) }),
    ...(existsSync(limitsFile) && { limits: JSON.parse(readFileSync(limitsFile, 'utf8')) }),
    embedded: !(path.includes('N5') || path.includes('FLY085')),
    ...(isProd && { environment: 'prod' }),
  });
}

describe('cases of a whole Nest', () => {
  it('are here', () => {
    expect(cases.length).toBeGreaterThan(20);
  });

  it.each(cases)('%s is found as its golden says', async (path) => {
    const found = readCase(path).diagnostics.map(
      ({ file, range, code, severity, message }) =>
        `${file}:${range.start.line}:${range.start.col} ${code} ${severity}: ${message}\n`,
    );

    await expect(found.join('')).toMatchFileSnapshot(`${suite}${path}.diag`);
  });

  it.each(cases)('%s is the same with CRLF', (path) => {
    const [unix, windows] = [readCase(path), readCase(path, withCrlf)];

    expect(windows.eggs).toEqual(unix.eggs);
    expect(windows.jobs).toEqual(unix.jobs);
    expect(windows.diagnostics.map(withoutBytes)).toEqual(unix.diagnostics.map(withoutBytes));
  });

  it.each(cases.filter((path) => path.startsWith('rules/M') || path.includes('N7')))(
    '%s gives its Eggs',
    async (path) => {
      const eggs = readCase(path).eggs.map(({ name, runner, scopes, environment }) => ({
        name,
        runner,
        scopes,
        environment,
      }));

      await expect(`${JSON.stringify(eggs, null, 2)}\n`).toMatchFileSnapshot(`${suite}${path}.json`);
    },
  );

  it('rules/M6 gives each value with its origin', async () => {
    const explained = explainPool(parseFiles(filesOf('rules/M6/nest')), 'my-app', {
      embedded: true,
      environment: 'prod',
    });
    const values = explained.kind === 'ok' ? explained.pool.values : [];
    const lines = values.map(({ path, text, origin }) => {
      const from = origin.kind === 'file' ? `${origin.file}:${origin.line}:${origin.col}` : origin.why;
      return `${path} ${text ?? '-'} <- ${from}\n`;
    });

    await expect(lines.join('')).toMatchFileSnapshot(`${suite}rules/M6/nest.explain`);
  });

  it.each(cases.filter((path) => path.startsWith('invalid/')))('%s shows its code', (path) => {
    const [, code] = path.split('/');

    expect(readCase(path).diagnostics.map((found) => found.code)).toContain(code);
  });
});

/** A place in bytes counts the line ends before it, and so does a fix. */
function withoutBytes({ file, code, severity, message, range: { start, end } }: Diagnostic): string {
  return `${file}:${start.line}:${start.col}-${end.line}:${end.col} ${code} ${severity}: ${message}`;
}
