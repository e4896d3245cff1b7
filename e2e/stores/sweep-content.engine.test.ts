import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { createDynamoStore } from '@polar-gosling/adapter-dynamo';
import { createSystemClock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import type { Write } from '@polar-gosling/ports/store';
import { sweepContent } from '@polar-gosling/ports/store/adapter';
import { expect, it } from 'vitest';
import { createStateBench, noS3Reason } from './state-bench.ts';

const signal = AbortSignal.timeout(120_000);
const clock = createSystemClock();
const keptMs = 60_000;

const putSwitch = (name: string, letter: string): Write => ({
  kind: 'put',
  table: 'switches',
  row: { name, on: true, why: letter.repeat(70_000) },
  when: { kind: 'any' },
});

it('removes values of big columns from S3 that no row of DynamoDB names, and no other', async (context) => {
  context.skip(env['POLAR_S3_URL'] === undefined, noS3Reason);
  context.skip(env['POLAR_DYNAMODB_URL'] === undefined, 'POLAR_DYNAMODB_URL names no DynamoDB Local');
  await using bench = await createStateBench();
  const { blobs } = bench;
  const store = await createDynamoStore({
    dialect: 'dynamodb',
    endpoint: env['POLAR_DYNAMODB_URL'],
    region: 'eu-central-1',
    prefix: `t${randomBytes(6).toString('hex')}-`,
    credentials: { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' },
    clock,
    ids: createSystemIds(clock),
    logger: silentLogger,
    sealer: { seal: (bytes) => bytes, open: (bytes) => bytes },
    blobs,
    deletionProtection: false,
    signal,
  });
  const sweepIn = (ms: number) =>
    sweepContent({ rows: store, blobs, clock: { now: () => clock.now() + ms }, keptMs }, { signal });
  const key = { table: 'switches', partition: 'gone' } as const;
  await store.commit([putSwitch('kept', 'a')], { signal });
  await store.commit([putSwitch('gone', 'b')], { signal });
  await store.commit([{ kind: 'delete', key, when: { kind: 'any' } }], { signal });

  expect(await sweepIn(0)).toEqual({ aside: 0, restored: 0, removed: 0 });
  expect(await sweepIn(2 * keptMs)).toEqual({ aside: 1, restored: 0, removed: 0 });
  expect(await sweepIn(4 * keptMs)).toEqual({ aside: 0, restored: 0, removed: 1 });

  expect(await blobs.list('', 9, { signal })).toHaveLength(1);
  const [kept] = await store.get([{ ...key, partition: 'kept' }], { signal });
  expect(kept?.['why']).toBe('a'.repeat(70_000));
  await store.close();
});
