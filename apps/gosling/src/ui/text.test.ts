import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ago, roughly } from './ago.ts';
import { createStyle } from './style.ts';
import { renderTable } from './table.ts';
import { cleanLine, clipLine, displayWidth, padLine } from './text.ts';

const plain = { style: createStyle(false), columns: undefined };

describe('text for a terminal', () => {
  it('measures wide letters as two and combined ones as one', () => {
    expect(displayWidth('abc')).toBe(3);
    expect(displayWidth('日本')).toBe(4);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(displayWidth('\u001b[31mred\u001b[0m')).toBe(3);
  });

  it('never cuts to more than the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 60 }), (text, columns) => {
        expect(displayWidth(clipLine(cleanLine(text), columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('leaves no control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be gone
        expect(cleanLine(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });

  it('pads by width, not by length', () => {
    expect(padLine('日本', 6)).toBe('日本  ');
  });
});

describe('renderTable', () => {
  it('aligns columns under their titles', () => {
    const text = renderTable(
      ['NAME', 'N'],
      [
        ['a', '1'],
        ['longer', '22'],
      ],
      plain,
    );

    expect(text).toBe('NAME    N\na       1\nlonger  22');
  });

  it('cuts lines to the terminal, and to nothing else', () => {
    const rows = [['x', 'y'.repeat(100)]];

    expect(renderTable(['A', 'B'], rows, { ...plain, columns: 40 }).split('\n')[1]).toHaveLength(40);
    expect(renderTable(['A', 'B'], rows, plain).split('\n')[1]).toHaveLength(103);
  });

  it('keeps a hostile cell on its line', () => {
    expect(renderTable(['A'], [['x\n\u001b[2Jy']], plain).split('\n')).toHaveLength(2);
  });
});

describe('ago', () => {
  it('shows the two largest units', () => {
    const now = Date.parse('2026-01-03T00:00:00Z');

    expect(ago('2026-01-02T23:59:15.5Z', now)).toBe('44s ago');
    expect(ago('2026-01-02T22:29:30Z', now)).toBe('1h30m ago');
    expect(ago(null, now)).toBe('-');
    expect(ago('2026-01-03T00:00:05Z', now)).toBe('0s ago');
    expect(roughly(2 * 86_400_000 + 3 * 3_600_000 + 59_000)).toBe('2d3h');
  });
});
