import { describeStoreContract } from '@polar-gosling/ports/store/contract';
import { describe, it } from 'vitest';
import { engineUrl, noEngine, openLocalStore } from './testing/local-engine.ts';

/** All that the contract writes to: making every table for every case would take minutes. */
const tables = ['schema', 'switches', 'ci_jobs', 'runners', 'egg_members', 'leases', 'jobs'] as const;

if (engineUrl === '') {
  describe('store contract: dynamo', () => {
    it('runs against DynamoDB Local', (context) => context.skip(noEngine));
  });
} else {
  for (const dialect of ['dynamodb', 'ydb'] as const) {
    describeStoreContract({
      name: dialect === 'ydb' ? 'dynamo (ydb dialect)' : 'dynamo',
      create: ({ clock }) => openLocalStore({ clock, dialect, tables }),
    });
  }
}
