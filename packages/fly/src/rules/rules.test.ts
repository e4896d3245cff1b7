import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateRule, fields, parseRule, type Rule, type RuleFacts } from '../index.ts';

const facts: RuleFacts = {
  state: 'idle',
  pool: 'apex',
  type: 'vm',
  egg: 'my-app',
  age: 7_200_000,
  idle_time: 2_400_000,
  failure_count: 3,
  job_count: 12,
  cpu_usage: 50,
  memory_usage: 60,
};

function evaluate(text: string, over: RuleFacts = {}) {
  const { rule, problems } = parseRule(text);
  expect(problems).toEqual([]);
  return rule && evaluateRule(rule, { ...facts, ...over });
}

describe('rules', () => {
  it.each([
    ['failed_count >= 3 AND age > 1h', true],
    ["state == 'apex' AND idle_time > 30m", true],
    ["state == 'nadir'", false],
    ["state == 'idle'", true],
    ["state != 'idle' OR cpu_usage < 80%", true],
    ['NOT (cpu_usage > 40 AND memory_usage >= 60%)', false],
    ["egg IN ['other', 'my-app']", true],
    ["state IN ['failed', 'nadir']", false],
    ['failure_count==3&&!(age<1h30m)', true],
    ['job_count > 12 or job_count <= 11', false],
    ["type = 'vm' and job_count = 12", undefined],
  ])('%s', (text, expected) => {
    const { rule } = parseRule(text);

    expect(rule && evaluateRule(rule, facts)).toBe(expected);
  });

  it.each([
    ['', 'FLY050', 0],
    ['age', 'FLY050', 2],
    ['age >', 'FLY050', 4],
    ['age > 1h AND', 'FLY050', 11],
    ['age > 1h job_count > 2', 'FLY050', 9],
    ['(age > 1h', 'FLY050', 8],
    ['age > 1h)', 'FLY050', 8],
    ["state IN 'idle'", 'FLY050', 9],
    ["state = 'idle'", 'FLY050', 6],
    ['age > 1h @', 'FLY050', 9],
    ['idel_time > 1h', 'FLY051', 0],
    ['age > 60', 'FLY052', 6],
    ['age > 80%', 'FLY052', 6],
    ['job_count > 1.5', 'FLY052', 12],
    ['cpu_usage > 120%', 'FLY052', 12],
    ['cpu_usage > 4GiB', 'FLY052', 12],
    ["state == 'idel'", 'FLY052', 9],
    ['state == idle', 'FLY052', 9],
    ["state > 'idle'", 'FLY052', 8],
    ["pool == 'idle'", 'FLY052', 8],
  ])('refuses %s with %s', (text, code, start) => {
    const { rule, problems } = parseRule(text);

    expect(rule).toBeUndefined();
    expect(problems.map((problem) => [problem.code, problem.start])).toEqual([[code, start]]);
  });

  it('repairs what it can', () => {
    expect(parseRule('idel_time > 30').problems[0]?.fix).toBe('idle_time');
    expect(parseRule('age > 30').problems[0]?.fix).toBe('30m');
    expect(parseRule('state == idle').problems[0]?.fix).toBe("'idle'");
    expect(parseRule("state = 'idle'").problems[0]?.fix).toBe('==');
  });

  it('decides nothing by a fact that is not known', () => {
    expect(evaluate('disk_usage > 90%')).toEqual({ problem: 'disk_usage is not known' });
    expect(evaluate('disk_usage > 90% AND age < 1h')).toBe(false);
    expect(evaluate('disk_usage > 90% OR age > 1h')).toBe(true);
    expect(evaluate('NOT disk_usage > 90%')).toEqual({ problem: 'disk_usage is not known' });
    expect(evaluate('age > 1h', { age: '2h' })).toEqual({ problem: 'age is a string, not a number' });
  });

  it('is bounded in length, depth and tests', () => {
    const deep = `${'('.repeat(5000 / 4)}age > 1h${')'.repeat(700)}`;
    const wide = Array.from({ length: 65 }, () => 'age > 1h').join(' OR ');

    expect(parseRule(`age > 1h${' '.repeat(2100)}`).problems[0]?.code).toBe('FLY050');
    expect(parseRule(deep).problems).toHaveLength(1);
    expect(parseRule(wide).problems).toHaveLength(1);
    expect(parseRule(`${'NOT '.repeat(17)}age > 1h`).problems).toHaveLength(1);
    expect(parseRule(`${'('.repeat(15)}age > 1h${')'.repeat(15)}`).problems).toEqual([]);
  });

  it('never throws, and says what is wrong with any text that is no rule', () => {
    const piece = fc.constantFrom(
      ...fields.keys(),
      '==',
      '>',
      'AND',
      'OR',
      'NOT',
      'IN',
      '(',
      ')',
      '[',
      ']',
      ',',
      "'idle'",
      '30m',
      '5',
      '80%',
      ' ',
      "'",
      '@',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(' ')),
    );
    fc.assert(
      fc.property(text, (source) => {
        const { rule, problems } = parseRule(source);
        const answer = rule && evaluateRule(rule, facts);

        expect(rule === undefined).toBe(problems.length > 0);
        expect(['boolean', 'object', 'undefined']).toContain(typeof answer);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('P12: agrees with a reference interpreter on rules of any shape', () => {
    const tests = [
      'age > 1h',
      'age < 1h',
      'job_count == 12',
      'job_count != 12',
      "pool == 'apex'",
      'cpu_usage >= 51',
    ];
    const truths = new Map([
      ['age > 1h', true],
      ['age < 1h', false],
      ['job_count == 12', true],
      ['job_count != 12', false],
      ["pool == 'apex'", true],
      ['cpu_usage >= 51', false],
    ]);
    const { tree } = fc.letrec<{ tree: { text: string; value: boolean } }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(...tests).map((text) => ({ text, value: truths.get(text) ?? false })),
        tie('tree').map(({ text, value }) => ({ text: `NOT (${text})`, value: !value })),
        fc
          .tuple(tie('tree'), tie('tree'))
          .map(([a, b]) => ({ text: `(${a.text}) AND (${b.text})`, value: a.value && b.value })),
        fc
          .tuple(tie('tree'), tie('tree'))
          .map(([a, b]) => ({ text: `(${a.text}) OR (${b.text})`, value: a.value || b.value })),
      ),
    }));
    fc.assert(
      fc.property(tree, ({ text, value }) => {
        expect(evaluate(text)).toBe(value);
      }),
      { numRuns: runs(300) },
    );
  });

  it('binds AND stronger than OR', () => {
    const shape = (rule: Rule | undefined): string => {
      if (rule === undefined || rule.kind === 'test') return 't';
      return rule.kind === 'not'
        ? `!${shape(rule.rule)}`
        : `(${rule.rules.map(shape).join(rule.kind === 'and' ? '&' : '|')})`;
    };

    expect(shape(parseRule('age > 1h OR age > 2h AND NOT age > 3h OR age > 4h').rule)).toBe('(t|(t&!t)|t)');
  });
});
