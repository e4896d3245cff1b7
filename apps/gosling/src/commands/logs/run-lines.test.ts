import type { RunLine } from '@polar-gosling/api-contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRunLines } from './run-lines.ts';

const aLine = (number: number): RunLine => ({
  ...{ number, at: '2026-03-01T12:00:07Z', kind: 'stage', message: `line ${number}` },
});
const upTo = (count: number, from = 1) =>
  Array.from({ length: Math.max(0, count - from + 1) }, (_, place) => aLine(from + place));

/** The lines of a run, and what reached stdout and stderr of them. */
function printed() {
  const data: number[] = [];
  const talk: string[] = [];
  const output = {
    data: (text: string) => data.push(JSON.parse(text).number),
    talk: (text: string) => talk.push(text),
  };
  const flags = { json: true, offline: false, debug: false };
  return { data, talk, lines: createRunLines({ output: output as never, flags }) };
}

describe('the lines of a run', () => {
  it('are printed as the stream tells them, once their predecessors are there', () => {
    const { data, lines } = printed();
    lines.takeRow({ state: 'applying', progress: upTo(2) });

    for (const number of [3, 2, 5, 6]) lines.take(aLine(number));
    const before = [...data];
    const wasBehind = lines.isBehind();
    lines.takeRow({ state: 'applying', progress: upTo(4) });

    expect([before, wasBehind]).toEqual([[1, 2, 3], true]);
    expect(data).toEqual([1, 2, 3, 4, 5, 6]);
    expect(lines.isBehind()).toBe(false);
  });

  it('says how many came too fast, and only of those that came from nowhere', () => {
    const { data, talk, lines } = printed();
    lines.takeRow({ state: 'applying', progress: upTo(3) });
    for (const line of upTo(60, 11)) lines.take(line);

    lines.takeRow({ state: 'applying', progress: upTo(150, 51) });

    expect(data).toEqual([1, 2, 3, ...upTo(150, 11).map(({ number }) => number)]);
    expect(talk).toEqual([expect.stringContaining('7 lines came too fast')]);
  });

  it('are all printed at the end, though the row lacks some', () => {
    const { data, talk, lines } = printed();
    lines.takeRow({ state: 'planning', progress: upTo(1) });
    for (const number of [4, 5]) lines.take(aLine(number));

    lines.takeRow({ state: 'settled', progress: upTo(1) });

    expect(data).toEqual([1, 4, 5]);
    expect(talk).toEqual([expect.stringContaining('2 lines came too fast')]);
  });

  it('take no more room than a thousand need, whatever is told', () => {
    const { data, talk, lines } = printed();
    lines.takeRow({ state: 'applying', progress: upTo(1) });

    for (const line of upTo(5_000, 3)) lines.take(line);
    lines.takeRow({ state: 'settled', progress: [] });

    expect([data.length, data[1], data.at(-1)]).toEqual([1_001, 4_001, 5_000]);
    expect(talk).toEqual([expect.stringContaining('3999 lines came too fast')]);
  });

  it('are each printed once and in order, however a stream comes and goes beside the row', () => {
    const steps = fc.array(fc.constantFrom('tell', 'write', 'read', 'connect', 'break', 'repeat'));
    fc.assert(
      fc.property(steps, (taken) => {
        const { data, talk, lines } = printed();
        const run = { told: 0, written: 0, isConnected: false };
        const row = () => upTo(run.written, Math.max(1, run.written - 99));
        const acts = {
          tell: () => {
            run.told += 1;
            if (run.isConnected) lines.take(aLine(run.told));
          },
          write: () => (run.written = run.told),
          read: () => lines.takeRow({ state: 'applying', progress: row() }),
          connect: () => (run.isConnected = true),
          break: () => (run.isConnected = false),
          repeat: () => lines.take(aLine(Math.max(1, run.told))),
        };
        acts.tell();
        for (const step of taken) acts[step]();
        acts.write();
        lines.takeRow({ state: 'settled', progress: row() });

        expect(data).toEqual(upTo(run.told).map(({ number }) => number));
        expect(talk).toEqual([]);
      }),
    );
  });
});
