import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { createWorld, type Running, until, type World } from './support/world.ts';

let world: World;
let up: Running;
beforeAll(async () => {
  world = await createWorld();
  up = await world.up();
});
afterAll(() => endWorld(world));

const gauge = async () => {
  const text = await (await fetch(`${up.url}/metrics`)).text();
  return /^gosling_store_read_only (\d)$/m.exec(text)?.[1];
};
const storeHealth = async () => {
  const { body } = await world.api('/health');
  return body.dependencies.find(({ name }: { name: string }) => name === 'store');
};
const apiCheck = async () => {
  const { stdout } = await world.cli(['doctor', '--json']);
  return JSON.parse(stdout).checks.find(({ id }: { id: string }) => id === 'api');
};
const freezing = () =>
  world.api('/freeze', { method: 'PUT', body: JSON.stringify({ why: 'is it written?' }) });

it('a store that refuses writes is told of wherever one looks, and goes on by itself when it takes them', async () => {
  expect(await gauge()).toBe('0');
  expect(await apiCheck()).toMatchObject({ result: 'ok' });
  const other = new DatabaseSync(join(world.dataDir, 'gosling.db'));
  other.exec('BEGIN IMMEDIATE');
  await until('the gauge says so', async () => ((await gauge()) === '1' ? true : undefined));

  expect(await storeHealth()).toMatchObject({ ok: false, detail: expect.stringContaining('locked') });
  const told = await world.cli(['status', '--exit-status']);
  expect(told).toMatchObject({ code: 8, stdout: expect.stringContaining('[STORE_READ_ONLY]') });
  expect((await world.api('/')).body).toContain('STORE_READ_ONLY');
  expect(await apiCheck()).toMatchObject({
    result: 'fail',
    detail: expect.stringContaining('store does not work: the store takes no writes (database is locked)'),
  });
  expect(await freezing()).toMatchObject({ status: 503, body: { code: 'STORE_READ_ONLY' } });

  other.exec('ROLLBACK');
  other.close();
  await until('the gauge says that it is over', async () => ((await gauge()) === '0' ? true : undefined));

  expect(await storeHealth()).toMatchObject({ ok: true });
  expect((await world.cli(['status', '--exit-status'])).stdout).not.toContain('STORE_READ_ONLY');
  expect(await apiCheck()).toMatchObject({ result: 'ok' });
  expect((await freezing()).status).toBe(204);
});
