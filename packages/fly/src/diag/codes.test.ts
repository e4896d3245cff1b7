import { describe, expect, it } from 'vitest';
import { checkFly, codes, explainCode, parseFly } from '../index.ts';

const entries = Object.entries(codes);
const inOneFile = entries.filter(([, entry]) => !('phase' in entry));
const check = (text: string) => checkFly(parseFly(text)).diagnostics;

describe('the table of codes', () => {
  it.each(inOneFile)('%s is the one thing that its wrong example shows', (code, entry) => {
    const found = check(entry.wrong);

    expect(found.map((diagnostic) => diagnostic.code)).toEqual([code]);
    expect(found[0]?.severity).toBe(entry.severity);
  });

  it.each(inOneFile)('%s has a right example without a finding', (_code, entry) => {
    expect(check(entry.right)).toEqual([]);
  });

  it('has readable examples for the codes that are found across files', () => {
    const others = entries.filter(([, entry]) => 'phase' in entry);

    expect(others.length + inOneFile.length).toBe(entries.length);
    expect(others.flatMap(([, entry]) => [...check(entry.wrong), ...check(entry.right)])).toEqual([]);
  });

  it('explains each code, and only codes', () => {
    expect(entries.every(([code]) => explainCode(code)?.includes('Right:'))).toBe(true);
    expect(explainCode('FLY999')).toBeUndefined();
    expect(explainCode('toString')).toBeUndefined();
  });
});
