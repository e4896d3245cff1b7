import { CiJobRow, EggConfigRow, RunnerRow } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { describe, expect, it } from 'vitest';
import { aCiJob, anEgg, anEggConfig, aRunner, createFakeClock } from './index.ts';

describe('builders', () => {
  it('make rows that have the columns of their tables', () => {
    expect(RunnerRow.parse(aRunner())).toEqual(aRunner());
    expect(EggConfigRow.parse(anEgg())).toEqual(anEgg());
    expect(CiJobRow.parse(aCiJob())).toEqual(aCiJob());
  });

  it('make rows that a store takes', async () => {
    const store = createMemoryStore({ clock: createFakeClock() });
    const when = { kind: 'absent' } as const;

    const result = await store.commit(
      [
        { kind: 'put', table: 'runners', row: aRunner(), when },
        { kind: 'put', table: 'egg_configs', row: anEgg(), when },
        { kind: 'put', table: 'ci_jobs', row: aCiJob(), when },
      ],
      { signal: new AbortController().signal },
    );

    expect(result).toEqual({ kind: 'ok' });
  });

  it('keep what belongs together together', () => {
    expect(anEgg({ name: 'other' }).config).toMatchObject({ name: 'other' });
    expect(aRunner({ egg_name: 'other' }).registration_id).toContain('other#');
    expect(aRunner({ id: 'abc' }).address).toContain('"abc"');
    expect(anEgg({ config: anEggConfig({ type: 'auto' }) }).machine_hash).not.toBe(anEgg().machine_hash);
  });
});
