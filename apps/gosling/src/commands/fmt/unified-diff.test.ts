import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from './unified-diff.ts';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', '', '  d'), { maxLength: 40 });
const texts = fc.tuple(lines, fc.boolean()).map(([all, hasEnd]) => all.join('\n') + (hasEnd ? '\n' : ''));

describe('unifiedDiff', () => {
  it('looks as diff -u prints it', () => {
    expect(unifiedDiff('a.fly', 'one\ntwo\nthree\n', 'one\n2\nthree')).toBe(
      [
        ...['--- a.fly', '+++ a.fly', '@@ -1,3 +1,3 @@', ' one', '-two', '-three', '+2', '+three'],
        ...['\\ No newline at end of file', ''],
      ].join('\n'),
    );
    expect(unifiedDiff('a.fly', 'same\n', 'same\n')).toBe('');
  });

  it('parts changes that lie far from each other', () => {
    const before = Array.from({ length: 30 }, (_, at) => `line ${at}\n`).join('');
    const diff = unifiedDiff('a', before, before.replace('line 2\n', 'x\n').replace('line 25\n', ''));

    expect(diff.match(/^@@.*@@$/gm)).toEqual(['@@ -1,6 +1,6 @@', '@@ -23,7 +23,6 @@']);
  });

  it('is what patch turns the one text into the other with', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'gosling-diff-'));
    const file = path.join(folder, 'text');
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        fc.pre(before !== after && before !== '' && after !== '');
        writeFileSync(file, before);
        execFileSync('git', ['apply', '--unidiff-zero', '--whitespace=nowarn', '-p0', '-'], {
          cwd: folder,
          input: unifiedDiff('text', before, after),
        });
        expect(readFileSync(file, 'utf8')).toBe(after);
      }),
    );
    rmSync(folder, { recursive: true });
  });

  it('stays quick where nothing is alike', () => {
    const many = (word: string) => Array.from({ length: 20_000 }, (_, at) => `${word}${at}\n`).join('');

    expect(unifiedDiff('a', many('a'), many('b')).split('\n')).toHaveLength(40_004);
  });
});
