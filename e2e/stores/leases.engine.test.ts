import { randomBytes } from 'node:crypto';
import { describe, it } from 'vitest';
import { pauseHolder, raceForLeases, raceTables } from './lease-cases.ts';

const newPlace = () =>
  ({ kind: 'dynamo', at: `t${randomBytes(6).toString('hex')}-`, tables: raceTables }) as const;

describe('leases over DynamoDB', () => {
  const requireEngine = (skip: (note?: string) => never) => {
    if (!process.env['POLAR_DYNAMODB_URL']) skip('POLAR_DYNAMODB_URL names no DynamoDB Local');
  };

  it('never have two holders with one fence, whoever is killed', async (context) => {
    requireEngine(context.skip);
    await raceForLeases(newPlace());
  }, 120_000);

  it('let a holder that stood still write nothing once another has its lease', async (context) => {
    requireEngine(context.skip);
    await pauseHolder(newPlace());
  }, 120_000);
});
