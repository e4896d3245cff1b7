import { createMasker } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCloudCalls } from './cloud-calls.ts';
import { createIamTokens } from './iam-tokens.ts';
import { createYandexMachines } from './machines.ts';
import { type FakeCloud, startFakeCloud } from './testing/fake-cloud.ts';

const options = { signal: new AbortController().signal };
const machine = {
  ...({ runnerId: 'r1', type: 'vm', region: 'ru-central1' } as const),
  ...{ installation: 'ours', name: 'runner-r1', folder: 'b1g0' },
};
const clock = createFakeClock();
let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud(clock);
});
afterEach(() => cloud.close());

function open() {
  const calls = createCloudCalls({});
  const tokens = createIamTokens({
    identity: async () => ({ kind: 'host' }),
    ...{ calls, clock, masker: createMasker(), metadataUrl: cloud.url },
  });
  return createYandexMachines({
    calls,
    tokens,
    folderId: 'b1g0',
    computeUrl: cloud.url,
    containersUrl: cloud.url,
  });
}

function addInstance(status: string, over: { folder?: string; installation?: string; runner?: string } = {}) {
  const { folder = 'b1g0', installation = 'ours', runner = 'r1' } = over;
  addLabelled(
    {
      'polar-gosling-installation': installation,
      'polar-gosling-egg': 'web',
      'polar-gosling-runner': runner,
    },
    { folder, status },
  );
}

function addLabelled(labels: Record<string, string>, { folder = 'b1g0', status = 'RUNNING' } = {}) {
  cloud.instances.push({ id: 'epd0', folder, status, labels });
}

it.each([
  ['RUNNING', 'running'],
  ['STOPPING', 'running'],
  ['DELETING', 'running'],
  ['STOPPED', 'stopped'],
  ['CRASHED', 'stopped'],
])('tells that a VM which is %s is %s', async (status, state) => {
  addInstance(status);

  expect(await open().status(machine, options)).toEqual({
    ...{ runnerId: 'r1', egg: 'web', installation: 'ours', state },
    resources: [{ type: 'yandex_compute_instance', id: 'epd0' }],
  });
  expect(cloud.complaints).toEqual([]);
});

it('lists every runner, whatever page it is on, with the installation that made it', async () => {
  for (let count = 0; count < 1_000; count++) addLabelled({});
  addInstance('RUNNING', { runner: 'r2' });
  addInstance('STOPPED', { installation: 'theirs', runner: 'r3' });

  const found = await open().list(options);

  expect(found.map(({ runnerId, installation, state }) => [runnerId, installation, state])).toEqual([
    ['r2', 'ours', 'running'],
    ['r3', 'theirs', 'stopped'],
  ]);
});

it('finds one where it was made, also when machines are made in another folder now', async () => {
  addInstance('RUNNING', { folder: 'b1g-before', installation: 'before' });
  const before = { ...machine, installation: 'before', folder: 'b1g-before' };

  expect(await open().status(before, options)).toMatchObject({ state: 'running' });
});

it('says of one whose folder nothing tells only that it is there', async () => {
  const { folder: _folder, ...somewhere } = machine;
  const looked = open().status(somewhere, options);
  await expect(looked).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  addInstance('RUNNING');

  expect(await open().status(somewhere, options)).toMatchObject({ state: 'running' });
});

it('finds one behind the first page, and none of another installation or folder', async () => {
  for (let count = 0; count < 1_000; count++) addInstance('RUNNING', { runner: `other-${count}` });
  addInstance('RUNNING', { installation: 'theirs', runner: 'r2' });
  addInstance('RUNNING', { folder: 'b1g1', runner: 'r2' });
  addInstance('RUNNING');

  expect(await open().status(machine, options)).toMatchObject({ state: 'running' });
  expect(await open().status({ ...machine, runnerId: 'r2' }, options)).toBeUndefined();
});

it('never takes a failure for an absent machine', async () => {
  cloud.fail(503);

  await expect(open().status(machine, options)).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
});

it('finds a container by its name, in its folder, where it is of this installation', async () => {
  const labels = { 'polar-gosling-installation': 'ours' };
  const add = (name: string, over: { folder?: string; labels?: Record<string, string> } = {}) =>
    cloud.listed.push({ id: `id-of-${name}`, folder: 'b1g0', name, labels, ...over });
  add('container-1');
  add('container-2', { folder: 'b1g1' });
  add('container-3', { labels: { 'polar-gosling-installation': 'theirs' } });
  const find = (name: string, folder?: string) =>
    open().container?.({ name, installation: 'ours', ...(folder && { folder }) }, options);

  expect(await find('container-1')).toEqual({ type: 'yandex_serverless_container', id: 'id-of-container-1' });
  expect(await find('container-2')).toBeUndefined();
  expect(await find('container-2', 'b1g1')).toMatchObject({ id: 'id-of-container-2' });
  expect(await find('container-3')).toBeUndefined();
  expect(await find('container-4')).toBeUndefined();
  cloud.fail(503);
  await expect(find('container-1')).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  expect(cloud.complaints).toEqual([]);
});
