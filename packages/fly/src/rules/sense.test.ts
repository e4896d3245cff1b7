import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateRule } from './eval.ts';
import { parseRule } from './parse.ts';
import { findSenseless } from './sense.ts';

const judge = (...conditions: readonly string[]) =>
  findSenseless(conditions.map((condition) => parseRule(condition).rule));

describe('senseless rules', () => {
  it.each([
    ['age > 2h AND age < 1h', 'never'],
    ['failure_count > 2 AND failure_count < 3', 'never'],
    ['cpu_usage > 2 AND cpu_usage < 3', undefined],
    ["state == 'idle' AND state == 'active'", 'never'],
    ["state == 'idle' AND state == 'apex'", undefined],
    ["pool == 'apex' OR state == 'nadir'", 'always'],
    ["state IN ['apex', 'nadir']", 'always'],
    ['age >= 0s', 'always'],
    ['cpu_usage <= 100', 'always'],
    ['NOT (age > 1h AND age <= 1h)', 'always'],
    ["egg == 'a'", undefined],
  ])('%s: %s', (condition, expected) => {
    expect(judge(condition)).toEqual([expected]);
  });

  it('are those that an earlier rule hides, and not where a fact may be unknown', () => {
    expect(judge('age > 1h', 'age > 2h')).toEqual([undefined, 'unreachable']);
    expect(judge('age > 2h', 'age > 1h')).toEqual([undefined, undefined]);
    expect(judge('age > 1h', 'failure_count > 1', 'age > 2h OR failure_count > 2')[2]).toBe('unreachable');
    expect(judge('cpu_usage > 50', 'cpu_usage <= 50', 'age > 1h')[2]).toBeUndefined();
    expect(judge('age > 1h AND age < 1h', 'age > 5h')).toEqual(['never', undefined]);
  });

  it('P12: are blamed only where brute force finds no runner against it', () => {
    const test = fc
      .tuple(
        fc.constantFrom('failure_count', 'job_count'),
        fc.constantFrom('==', '!=', '<', '<=', '>', '>='),
        fc.nat(3),
      )
      .map((parts) => parts.join(' '));
    const rule = fc
      .tuple(
        test,
        fc.constantFrom('AND', 'OR', 'AND NOT', 'OR NOT'),
        test,
        fc.constantFrom('AND', 'OR'),
        test,
      )
      .map(([a, join, b, other, c]) => `(${a} ${join} ${b}) ${other} ${c}`);
    const runners = Array.from({ length: 36 }, (_, at) => ({
      failure_count: at % 6,
      job_count: Math.floor(at / 6),
    }));

    fc.assert(
      fc.property(rule, (condition) => {
        const parsed = parseRule(condition).rule;
        const held = runners.filter((runner) => parsed && evaluateRule(parsed, runner) === true).length;
        const expected = new Map<number, string>([
          [0, 'never'],
          [runners.length, 'always'],
        ]);

        expect(findSenseless([parsed])).toEqual([expected.get(held)]);
      }),
      { numRuns: runs(200) },
    );
  });
});
