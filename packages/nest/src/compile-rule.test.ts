import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRule } from './compile-rule.ts';

const hourMs = 3_600_000;

function ruleOf(condition: string) {
  return compileRule({ name: 'r', condition, action: 'terminate' });
}

describe('compileRule', () => {
  it('holds exactly where its condition does', () => {
    const rule = ruleOf('failed_count >= 3 AND age > 1h');
    fc.assert(
      fc.property(fc.nat(6), fc.nat(2 * hourMs), (failures, age) => {
        expect(rule.matches({ failure_count: failures, age })).toBe(failures >= 3 && age > hourMs);
      }),
    );
    expect(rule).toMatchObject({ name: 'r', action: 'terminate' });
  });

  it('reads the tier where a condition asks for the state apex or nadir', () => {
    const rule = ruleOf("state == 'apex' AND idle_time > 30m");

    expect(rule.matches({ state: 'idle', pool: 'apex', idle_time: hourMs })).toBe(true);
    expect(rule.matches({ state: 'idle', pool: 'nadir', idle_time: hourMs })).toBe(false);
  });

  it('holds for no runner whose measure is not known, also turned around', () => {
    expect(ruleOf('cpu_usage > 90').matches({})).toBe(false);
    expect(ruleOf('NOT cpu_usage > 90').matches({})).toBe(false);
  });

  it('answers every question with what is wrong when it cannot be read', () => {
    const answer = ruleOf('age >').matches({ age: 1 });

    expect(answer).toMatchObject({ problem: expect.stringMatching(/^FLY05\d: /) });
  });
});
