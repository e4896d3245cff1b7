import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Bench, Comparison, Variant } from './bench.ts';
import { reportOf } from './report.ts';
import { median, runBench } from './run-bench.ts';
import { runVariant } from './run-variant.ts';

const signal = new AbortController().signal;
const context = { folder: '/', signal, say: () => undefined };

/** A variant that runs this script. */
function aVariant(name: string, script: string, measure: Variant['measure'] = 'reported'): Variant {
  return { name, command: [process.execPath, '-e', script], measure };
}

function aReport(value: unknown, result: unknown = 'done'): string {
  return `console.log(${JSON.stringify(JSON.stringify({ value, result }))})`;
}

function aBench(subject: Variant, baseline: Variant, more: Partial<Comparison> = {}): Bench {
  const goal = { kind: 'faster', atLeast: 3 } as const;
  return {
    question: 'is it faster?',
    rounds: 2,
    prepare: async () => [{ name: 'work', unit: 'ms', subject, baseline, goal, ...more }],
  };
}

describe('the harness of benchmarks', () => {
  it('compares the medians of two variants and keeps every value', async () => {
    const bench = aBench(aVariant('ours', aReport(2)), aVariant('theirs', aReport(8)));

    const result = await runBench('one', bench, context);

    expect(result).toMatchObject({
      name: 'one',
      ratios: { work: 4 },
      raw: { work: { ours: [2, 2], theirs: [8, 8] } },
      goals: { work: { isMet: true } },
    });
    expect(reportOf(result)).toContain('work: 4 (goal ≥ 3× faster)\n  ours: median 2 ms of 2, 2');
  });

  it('compares another figure of the same run, and holds a limit in every round', async () => {
    const report = { value: 1, result: 'done', more: { cpu: 30 } };
    const variant = aVariant('ours', `console.log(${JSON.stringify(JSON.stringify(report))})`);
    const work = { unit: 'ms', figure: 'cpu', subject: variant, baseline: variant };
    const limits = [30, 29].map((atMost) => ({
      ...work,
      name: `≤ ${atMost}`,
      goal: { kind: 'limit', atMost } as const,
    }));

    const result = await runBench(
      'one',
      { question: 'is it small?', rounds: 2, prepare: async () => limits },
      context,
    );

    expect(result).toMatchObject({
      ratios: { '≤ 30': 30, '≤ 29': 30 },
      raw: { '≤ 30': { ours: [30, 30] } },
      goals: { '≤ 30': { isMet: true }, '≤ 29': { isMet: false } },
    });
    expect(reportOf(result)).toContain('≤ 29: 30 (goal ≤ 29 in every round) MISSED');
  });

  it('swaps the order of the variants each round', async () => {
    const order: string[] = [];
    const bench = aBench(aVariant('ours', aReport(2)), aVariant('theirs', aReport(2)));

    const result = await runBench('one', bench, { ...context, say: (line) => order.push(line) });

    expect(order.map((line) => line.split(':')[1]?.trim())).toEqual(['ours', 'theirs', 'theirs', 'ours']);
    expect(reportOf(result)).toContain('MISSED');
  });

  it('refuses variants that came to other results, where they must agree', async () => {
    const ours = aVariant('ours', aReport(2, { made: 3 }));
    const theirs = aVariant('theirs', aReport(9, { made: 2 }));
    const agreed = aVariant('agreed', aReport(9, { made: 3 }));

    const refused = runBench('one', aBench(ours, theirs, { mustAgree: true }), context);

    await expect(refused).rejects.toThrow('work: ours came to {"made":3}, theirs to {"made":2}');
    for (const bench of [aBench(ours, theirs), aBench(ours, agreed, { mustAgree: true })]) {
      expect(await runBench('one', bench, context)).toMatchObject({ goals: { work: { isMet: true } } });
    }
  });

  it('shows a ratio without a goal', async () => {
    const bench = aBench(aVariant('ours', aReport(9)), aVariant('theirs', aReport(3)), {
      goal: { kind: 'none' },
    });

    const result = await runBench('one', bench, context);

    expect(result).toMatchObject({ ratios: { work: 3 }, goals: { work: { isMet: true } } });
    expect(reportOf(result)).toContain('work: 3 (goal none)\n');
  });

  it('refuses a variant that does other work the second time', async () => {
    const bench = aBench(
      aVariant('ours', 'console.log(JSON.stringify({ value: 1, result: process.pid }))'),
      aVariant('theirs', aReport(1)),
    );

    await expect(runBench('one', bench, context)).rejects.toThrow(/ours did not do the same each time/);
  });

  it.each([
    ['prints nothing', '', /printed no JSON/],
    ['consumes no result', 'console.log(JSON.stringify({ value: 1 }))', /no value and result/],
    ['fails', 'console.error("no way"); process.exit(3)', /ended with 3:\nno way/],
  ])('refuses a process that %s', async (_, script, problem) => {
    await expect(runVariant(aVariant('ours', script), signal)).rejects.toThrow(problem);
  });

  it('counts the CPU time of children that the process waited for', async () => {
    const burn = 'const until = process.cpuUsage().user + 300e3; while (process.cpuUsage().user < until);';
    const parent = `require("child_process").execFileSync(process.execPath, ["-e", ${JSON.stringify(burn)}])`;

    const { value } = await runVariant(aVariant('ours', parent, 'cpu'), signal);

    expect(value).toBeGreaterThan(300);
  });

  it('takes the middle value, or the mean of the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });

  it('lists the benches with their questions, and guesses a misspelt name', async () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const run = promisify(execFile);

    const listed = await run(process.execPath, [main]);
    const refused = run(process.execPath, [main, 'flu']);

    expect(listed.stdout).toMatch(/^fly +\S.*\?$/m);
    await expect(refused).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringContaining('did you mean fly?'),
    });
  });
});
