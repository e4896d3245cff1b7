import { randomBytes } from 'node:crypto';
import { describe, it } from 'vitest';
import { liveWithFailures } from './whole-life.ts';

const newPlace = () => ({ kind: 'dynamo', at: `t${randomBytes(6).toString('hex')}-` }) as const;

/** A call that never reached the store is the same over every one; over this one it is told by every call only. */
const lost: ('before' | 'after')[] = process.env['POLAR_EVERY_CALL'] ? ['before', 'after'] : ['after'];

describe('from push to green to removed, over DynamoDB', () => {
  it.for(lost)(
    'gets there whichever call fails (%s it took effect)',
    // Every call of it takes hours.
    { timeout: 8 * 3_600_000 },
    async (when, context) => {
      if (!process.env['POLAR_DYNAMODB_URL']) context.skip('POLAR_DYNAMODB_URL names no DynamoDB Local');
      await liveWithFailures(newPlace, { when, tries: 1 });
    },
  );
});
