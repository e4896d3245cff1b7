import { machinesErrors } from '@polar-gosling/ports/machines';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import type { ModelMachine } from '../testing/fake-tofu.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from '../testing/test-cloud.ts';
import { sweepMachines } from './sweep-machines.ts';

const minuteMs = 60_000;
let plane: ControlPlane;
/** The machine that a runner had, which has ended since. */
let leaked: ModelMachine;
let isSilent: boolean;

beforeEach(async () => {
  const clock = createFakeClock();
  isSilent = false;
  plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    settings: cloudSettings,
    wrap: (deps) => ({ ...deps, cloudMachines: { aws: sometimesSilent(deps.cloudMachines?.aws) } }),
  });
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  await install(plane, nestOf({ app: { concurrent: 2, more: [...onAws] } }));
  plane.start();
  const job = addJob(plane.model, { projectId: 1, lastsMs: minuteMs });
  await plane.runUntil(() => job.status === 'running', 20 * minuteMs);
  const [machine] = plane.tofu.machines.values();
  if (machine === undefined) throw new Error('no machine was made');
  leaked = machine;
  await plane.runUntil(async () => (await states()).every((state) => state === 'terminated'), 60 * minuteMs);
});

function sometimesSilent<Port extends { list: unknown; status: unknown }>(port: Port | undefined): Port {
  if (port === undefined) throw new Error('no cloud');
  const list = async (...given: unknown[]) => {
    if (isSilent) throw machinesErrors.unavailable({ reason: '503' });
    return (port.list as (...all: unknown[]) => unknown)(...given);
  };
  return { ...port, list };
}

const states = async () => (await plane.recording.rows('runners')).map(({ state }) => String(state));
const problems = async () => (await plane.recording.rows('egg_state'))[0]?.['problems'] ?? {};
const appear = (over: Partial<ModelMachine> = {}) => {
  const machine = { ...leaked, ...over };
  plane.tofu.machines.set(machine.runnerId, machine);
};
const sweep = (installation = 'test') =>
  sweepMachines({ ...plane.deps, settings: { ...plane.deps.settings, installation } }, direct);

describe('a machine that outlived its runner', () => {
  it('is removed by OpenTofu when it was found twice, and its runner ends again', async () => {
    appear();
    await plane.runUntil(() => !plane.tofu.machines.has(leaked.runnerId), 40 * minuteMs);
    await plane.run(minuteMs);
    await plane.stop();

    expect(plane.tofu.applied.at(-1)).toBe('delete 1');
    expect(await states()).toEqual(['terminated']);
    expect(await problems()).toEqual({});
    const audits = await plane.recording.rows('audit_logs');
    expect(audits.map(({ action }) => action)).toContain('found');
    expect(plane.recording.unaudited).toEqual([]);
    expect(plane.tofu.violations).toEqual([]);
  });

  it('is found also when it was made under another name of the installation', async () => {
    await plane.stop();
    appear();
    await sweep('renamed');
    await sweep('renamed');

    expect(await states()).toEqual(['terminating']);
  });

  it('is left alone by one look: it may be on its way down', async () => {
    await plane.stop();
    appear();
    await sweep();
    plane.tofu.machines.clear();
    await sweep();

    expect(await states()).toEqual(['terminated']);
    expect((await plane.recording.rows('runners'))[0]).toMatchObject({ strikes: 1 });
  });

  it('is found once by two looks at the same time', async () => {
    await plane.stop();
    appear();
    await Promise.all([sweep(), sweep()]);

    expect(await states()).toEqual(['terminated']);
  });

  it('is no runner that is wanted', async () => {
    addJob(plane.model, { projectId: 1, lastsMs: 120 * minuteMs });
    await plane.runUntil(() => plane.tofu.machines.size > 0, 20 * minuteMs);
    await plane.run(60 * minuteMs);
    await plane.stop();

    expect(plane.tofu.machines.size).toBe(1);
    expect(await problems()).toEqual({});
  });
});

describe('a machine with our tags that no row tells of', () => {
  beforeEach(() => plane.stop());

  it('is told on its Egg, with what it is called in its cloud, and never removed', async () => {
    appear({ runnerId: 'nobodys' });
    await sweep();
    await sweep();
    const told = await problems();
    plane.tofu.machines.clear();
    await sweep();

    expect(told).toMatchObject({
      machines: { code: 'MACHINES_UNKNOWN', detail: expect.stringContaining('aws_instance i-nobodys') },
    });
    expect(await problems()).toEqual({});
  });

  it('is none of ours when it was made under another name', async () => {
    appear({ runnerId: 'nobodys' });
    await sweep('renamed');

    expect(await problems()).toEqual({});
  });

  it('stays told of while its cloud does not answer', async () => {
    appear({ runnerId: 'nobodys' });
    await sweep();
    isSilent = true;
    plane.tofu.machines.clear();
    await sweep();

    expect(await problems()).toMatchObject({ machines: { code: 'MACHINES_UNKNOWN' } });
  });
});
