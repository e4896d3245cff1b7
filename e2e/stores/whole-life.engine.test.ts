import { randomBytes } from 'node:crypto';
import { describe, it } from 'vitest';
import { liveWithFailures } from './whole-life.ts';

const newPlace = () => ({ kind: 'dynamo', at: `t${randomBytes(6).toString('hex')}-` }) as const;

describe('from push to green to removed, over DynamoDB', () => {
  it('gets there whichever call of the store fails', async (context) => {
    if (!process.env['POLAR_DYNAMODB_URL']) context.skip('POLAR_DYNAMODB_URL names no DynamoDB Local');
    await liveWithFailures(newPlace, { when: 'after', tries: 1 });
  }, 600_000);
});
