import { silentLogger } from '@polar-gosling/kernel';
import { type ContainerRef, type Machine, machinesErrors } from '@polar-gosling/ports/machines';
import type { RunnerRow } from '@polar-gosling/ports/store';
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

  it('leaves what is removed as well, as soon as no more of it can appear', async () => {
    const task = { type: 'aws_ecs_task_definition', id: 'arn' };
    const left = () => ({ ...machine('gone')(), resources: [task] });
    const nothing = () => ({ ...machine('gone')(), resources: [] });

    expect(await look(5 * 60_000, left)).toEqual([0, 1]);
    expect(await look(6 * 60_000, left)).toEqual([1, 0]);
    expect(await look(6 * 60_000, nothing)).toEqual([0, 0]);
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

describe('the container of an invocation that no state tells of', () => {
  const tags = { 'polar-gosling-installation': 'ours' };
  const entry = (fields: object) => new TextEncoder().encode(JSON.stringify({ tags, ...fields }));
  const invocation = (sinceMs: number, fields: object = { container_key: 'container-1' }) =>
    aRunner({
      ...doubtful(sinceMs),
      cloud_provider: 'yandex',
      type: 'serverless',
      shard: 2,
      entry: entry(fields),
    });
  const lookIn = async (row: RunnerRow, names: readonly string[], askedFor: string[] = []) => {
    const container = async ({ name }: ContainerRef) => {
      askedFor.push(name);
      return names.includes(name)
        ? ({ type: 'yandex_serverless_container', id: 'bba0' } as const)
        : undefined;
    };
    const yandex = { list: () => expect.fail(), status: () => expect.fail(), container };
    return lookForStrays({ ...here, cloudMachines: { yandex } }, [row], options);
  };

  it('is found by the name that it has in its shard', async () => {
    const { found } = await lookIn(invocation(0), ['container-1-2']);

    expect(found).toMatchObject([{ resources: [{ type: 'yandex_serverless_container', id: 'bba0' }] }]);
  });

  it('may appear for a minute', async () => {
    expect((await lookIn(invocation(59_000), ['container-1'])).awaited.size).toBe(1);
    expect((await lookIn(invocation(60_000), ['container-1'])).awaited.size).toBe(0);
  });

  it('is not looked for where an earlier release launched it, as its name is not known', async () => {
    const askedFor: string[] = [];
    const { found, awaited } = await lookIn(invocation(0, { machine_hash: 'h' }), [], askedFor);

    expect([found.length, awaited.size, askedFor]).toEqual([0, 0, []]);
  });
});
