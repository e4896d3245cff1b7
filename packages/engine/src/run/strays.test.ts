import { silentLogger } from '@polar-gosling/kernel';
import { type Machine, machinesErrors } from '@polar-gosling/ports/machines';
import { aRunner, createFakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { lookForStrays } from './strays.ts';

const options = { signal: new AbortController().signal };
const clock = createFakeClock();
const machines = { list: async () => [], status: () => expect.fail() };
const here = { machines, clock, log: silentLogger };

const doubtful = (sinceMs: number) =>
  aRunner({
    state: 'terminating',
    cloud_provider: 'aws',
    metadata: { doubtful_since: clock.now() - sinceMs },
  });

async function look(sinceMs: number, status: () => Machine | undefined) {
  const cloudMachines = { aws: { list: () => expect.fail(), status: async () => status() } };
  const { found, awaited } = await lookForStrays({ ...here, cloudMachines }, [doubtful(sinceMs)], options);
  return [found.length, awaited.size];
}

describe('the machine of a runner that no state tells of', () => {
  const machine = (state: Machine['state']) => () => ({ runnerId: 'r', egg: 'app', state }) as const;

  it('is found by its tag, however late', async () => {
    expect(await look(0, machine('running'))).toEqual([1, 0]);
    expect(await look(3_600_000, machine('stopped'))).toEqual([1, 0]);
  });

  it('may appear as long as its create may last', async () => {
    expect(await look(5 * 60_000, () => undefined)).toEqual([0, 1]);
    expect(await look(6 * 60_000, () => undefined)).toEqual([0, 0]);
    expect(await look(6 * 60_000, machine('gone'))).toEqual([0, 0]);
  });

  it('is waited for as long as its cloud does not answer', async () => {
    const fails = () => {
      throw machinesErrors.unavailable({ reason: '429' });
    };

    expect(await look(3_600_000, fails)).toEqual([0, 1]);
  });

  it('is looked for on behalf of nobody else', async () => {
    const cloudMachines = { aws: { list: () => expect.fail(), status: () => expect.fail() } };
    const gone = { ...doubtful(0), metadata: { vanished: true, gone: true } };
    const rows = [gone, aRunner({ state: 'terminating' }), { ...doubtful(0), state: 'failed' as const }];

    const strays = await lookForStrays({ ...here, cloudMachines }, rows, options);

    expect([strays.found, [...strays.awaited]]).toEqual([[], []]);
  });
});
