import { createMasker, Secret } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCachedSecrets } from './cached.ts';
import { describeSecretsContract } from './contract.ts';
import { createMemorySecrets } from './memory.ts';
import type { SecretStore } from './secret-store.ts';

const options = { signal: new AbortController().signal };
const ttlMs = 300_000;

function fixture(over: Partial<SecretStore> = {}) {
  const clock = createFakeClock();
  const masker = createMasker();
  const memory = createMemorySecrets();
  const reads: string[] = [];
  const inner: SecretStore = {
    ...memory,
    read(reference, call) {
      reads.push(reference);
      return memory.read(reference, call);
    },
    ...over,
  };
  return { clock, masker, memory, reads, secrets: createCachedSecrets(inner, { clock, ttlMs, masker }) };
}

describeSecretsContract({ name: 'cached memory', create: () => fixture().secrets });

describe('createCachedSecrets', () => {
  it('asks once for many readers at a time', async () => {
    const { secrets, memory, reads } = fixture();
    await memory.write('a/b', new Secret('some value'), options);

    const values = await Promise.all(Array.from({ length: 20 }, () => secrets.read('a/b', options)));

    expect(new Set(values.map((value) => value?.reveal()))).toEqual(new Set(['some value']));
    expect(reads).toEqual(['a/b']);
  });

  it('makes a value known to the masker before it is given out', async () => {
    const { secrets, memory, masker } = fixture();
    await memory.write('a/b', new Secret('some value'), options);

    await secrets.read('a/b', options);

    expect(masker.mask('it is some value')).toBe('it is ***MASKED***');
  });

  it('does not give out a value that is too short to be masked', async () => {
    const { secrets, memory } = fixture();
    await memory.write('a/b', new Secret('short'), options);

    await expect(secrets.read('a/b', options)).rejects.toMatchObject({ code: 'SECRET_TOO_SHORT' });
  });

  it('asks again for a value that was not there', async () => {
    const { secrets, memory } = fixture();
    expect(await secrets.read('a/b', options)).toBeUndefined();

    await memory.write('a/b', new Secret('written by the CLI'), options);

    expect((await secrets.read('a/b', options))?.reveal()).toBe('written by the CLI');
  });

  it('asks again after a failure', async () => {
    let failures = 1;
    const memory = createMemorySecrets();
    await memory.write('a/b', new Secret('some value'), options);
    const { secrets } = fixture({
      read: (reference, call) =>
        failures-- > 0 ? Promise.reject(new Error('down')) : memory.read(reference, call),
    });

    await expect(secrets.read('a/b', options)).rejects.toThrow('down');
    expect((await secrets.read('a/b', options))?.reveal()).toBe('some value');
  });

  it('forgets what it is told to forget, also what is being read', async () => {
    const answers = [new Secret('the old value'), new Secret('the new value')];
    const { secrets } = fixture({ read: async () => answers.shift() });

    const during = secrets.read('a/b', options);
    secrets.invalidate('a/b');

    expect((await during)?.reveal()).toBe('the old value');
    expect((await secrets.read('a/b', options))?.reveal()).toBe('the new value');
  });

  it('forgets everything at once', async () => {
    const { secrets, memory, reads } = fixture();
    await memory.write('a/b', new Secret('some value'), options);
    await secrets.read('a/b', options);

    secrets.invalidate();
    await secrets.read('a/b', options);

    expect(reads).toHaveLength(2);
  });

  it('does not fail the others when one reader gives up, and ends the call when all have', async () => {
    let ended = 0;
    const { secrets } = fixture({
      read: (_reference, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            ended++;
            reject(signal.reason);
          });
        }),
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const reads = [first, second].map(({ signal }) => secrets.read('a/b', { signal }));
    const results = Promise.allSettled(reads);

    first.abort(new Error('first'));
    await Promise.resolve();
    expect(ended).toBe(0);
    second.abort(new Error('second'));

    expect(await results).toMatchObject([
      { reason: { message: 'first' } },
      { reason: { message: 'second' } },
    ]);
    expect(ended).toBe(1);
  });

  it('Feature: gitops-runner-orchestration, Property 38: Secret Cache TTL', async () => {
    const waits = fc.array(fc.nat({ max: 2 * ttlMs }), { maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(waits, async (script) => {
        const { secrets, memory, reads, clock } = fixture();
        await memory.write('a/b', new Secret('value number 0'), options);
        let readAt = Number.NEGATIVE_INFINITY;
        let shown = '';
        for (const [number, waitMs] of script.entries()) {
          await clock.advance(waitMs);
          await memory.write('a/b', new Secret(`value number ${number}`), options);
          const before = reads.length;
          const isOver = clock.monotonic() - readAt >= ttlMs;
          const value = await secrets.read('a/b', options);
          expect(reads.length - before).toBe(isOver ? 1 : 0);
          if (isOver) {
            readAt = clock.monotonic();
            shown = `value number ${number}`;
          }
          expect(value?.reveal()).toBe(shown);
        }
      }),
    );
  });
});
