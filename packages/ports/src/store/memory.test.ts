import { createFakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { describeStoreContract } from './contract.ts';
import { createMemoryStore } from './memory.ts';

describeStoreContract({ name: 'memory', create: (deps) => createMemoryStore(deps) });

describe('createMemoryStore', () => {
  it('gives frozen rows, so that a test that changes one fails', async () => {
    const store = createMemoryStore({ clock: createFakeClock() });
    const options = { signal: new AbortController().signal };
    const row = { name: 'a', config: { list: [1] } };
    await store.commit([{ kind: 'put', table: 'jobs', row, when: { kind: 'any' } }], options);

    const [found] = await store.get([{ table: 'jobs', partition: 'a' }], options);

    expect(Object.isFrozen(found)).toBe(true);
    expect(Object.isFrozen(found?.['config'])).toBe(true);
  });
});
