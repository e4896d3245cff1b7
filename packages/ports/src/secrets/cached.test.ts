import { createMasker, type Logger, Secret, silentLogger } from '@polar-gosling/kernel';
import { createFakeClock, runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCachedSecrets } from './cached.ts';
import { describeSecretsContract } from './contract.ts';
import { secretErrors } from './errors.ts';
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
  const seen = { warnings: 0, stale: 0 };
  const logger: Logger = { ...silentLogger, warn: () => seen.warnings++ };
  const countStale = () => seen.stale++;
  const secrets = createCachedSecrets(inner, { clock, ttlMs, masker, logger, countStale });
  return { clock, masker, memory, reads, seen, secrets };
}

/** A backend that can be taken down. */
function failing() {
  const memory = createMemorySecrets();
  const down = { error: undefined as Error | undefined };
  const inner: Partial<SecretStore> = {
    ...memory,
    read: (reference, call) =>
      down.error === undefined ? memory.read(reference, call) : Promise.reject(down.error),
  };
  const { clock, seen, secrets } = fixture(inner);
  return { clock, seen, secrets, backend: memory, down };
}

const outage = secretErrors.unreadable({ role: 'a secret', reason: 'no answer' });

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

  it.each([
    [{ reference: 'a/b', role: 'variable PIN of egg app' }, 'variable PIN of egg app has'],
    [{ reference: 'deploy-keys/nest-private' }, 'private deploy key of nest has'],
  ])('names a value that is too short by what it is for: %o', async ({ reference, ...role }, words) => {
    const { secrets, memory } = fixture();
    await memory.write(reference, new Secret('1234'), options);

    const read = secrets.read(reference, { ...options, ...role });

    await expect(read).rejects.toMatchObject({ message: expect.stringContaining(words) });
    await expect(read).rejects.not.toMatchObject({ message: expect.stringContaining('1234') });
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

  it('serves the last value on while the backend is down, an hour at most, counted and told once', async () => {
    const { secrets, backend, down, clock, seen } = failing();
    await backend.write('a/b', new Secret('some value'), options);
    await secrets.read('a/b', options);
    down.error = outage;

    await clock.advance(ttlMs - 1);
    expect((await secrets.read('a/b', options))?.reveal()).toBe('some value');
    expect(seen).toEqual({ warnings: 0, stale: 0 });
    await clock.advance(1);
    for (const _ of [1, 2, 3]) {
      expect((await secrets.read('a/b', options))?.reveal()).toBe('some value');
      await clock.advance(20_000);
    }
    expect(seen).toEqual({ warnings: 1, stale: 3 });
    await clock.advance(60 * 60_000);

    await expect(secrets.read('a/b', options)).rejects.toBe(outage);
  });

  it('does not ask a backend that is down with each read, and sees it come back', async () => {
    const { backend, down, clock } = failing();
    let asked = 0;
    const read: SecretStore['read'] = (reference, call) => {
      asked++;
      return down.error ? Promise.reject(down.error) : backend.read(reference, call);
    };
    const deps = { clock, ttlMs, masker: createMasker(), logger: silentLogger };
    const counted = createCachedSecrets({ ...backend, read }, deps);
    await backend.write('a/b', new Secret('some value'), options);
    await counted.read('a/b', options);
    down.error = outage;
    await clock.advance(ttlMs);

    for (let n = 0; n < 50; n++) await counted.read('a/b', options);
    expect(asked).toBe(2);
    down.error = undefined;
    await backend.write('a/b', new Secret('another value'), options);
    await clock.advance(10_000);

    expect((await counted.read('a/b', options))?.reveal()).toBe('another value');
  });

  it.each([
    ['refuses it', secretErrors.denied({ role: 'a secret', backend: 'vault', reason: '403' })],
    ['does not know it', undefined],
  ])('gives out no old value when the backend %s', async (_what, error) => {
    const { secrets, backend, down, clock } = failing();
    await backend.write('a/b', new Secret('some value'), options);
    await secrets.read('a/b', options);
    await clock.advance(ttlMs);
    await backend.remove('a/b', options);
    down.error = error;

    const read = secrets.read('a/b', options);

    if (error === undefined) expect(await read).toBeUndefined();
    else await expect(read).rejects.toBe(error);
  });

  it('asks past what it keeps when told to, and keeps that; a failure leaves what was kept', async () => {
    const { secrets, backend, down } = failing();
    await backend.write('a/b', new Secret('the old value'), options);
    await secrets.read('a/b', options);
    await backend.write('a/b', new Secret('the new value'), options);

    expect((await secrets.refresh('a/b', options))?.reveal()).toBe('the new value');
    expect((await secrets.read('a/b', options))?.reveal()).toBe('the new value');
    down.error = outage;
    await expect(secrets.refresh('a/b', options)).rejects.toBe(outage);
    expect((await secrets.read('a/b', options))?.reveal()).toBe('the new value');
  });

  it('gives out no old value after it was told to forget it', async () => {
    const { secrets, backend, down } = failing();
    await backend.write('a/b', new Secret('some value'), options);
    await secrets.read('a/b', options);
    down.error = outage;
    secrets.invalidate('a/b');

    await expect(secrets.read('a/b', options)).rejects.toBe(outage);
  });
});

describe('Feature: gitops-runner-orchestration, Property 40: Secret Rotation Propagation', () => {
  it('tells subscribers of a value that another process rotated, within the TTL, whenever it is', async () => {
    const waits = fc.array(fc.integer({ min: 1, max: 2 * ttlMs }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(waits, async (script) => {
        const { secrets, memory, clock } = fixture();
        await memory.write('a/b', new Secret('value before'), options);
        const told: (string | undefined)[] = [];
        const end = secrets.subscribe('a/b', (value) => told.push(value?.reveal()));
        for (const [number, waitMs] of script.entries()) {
          await clock.advance(waitMs);
          await secrets.read('a/b', options);
          await memory.write('a/b', new Secret(`value number ${number}`), options);
          await clock.advance(ttlMs);
          expect(told.at(-1)).toBe(`value number ${number}`);
          expect((await secrets.read('a/b', options))?.reveal()).toBe(`value number ${number}`);
        }
        expect(told).toHaveLength(script.length);
        end();
      }),
      { numRuns: runs(100) },
    );
  });

  it('tells at once of what is written, removed or invalidated here, and nothing of what is the same', async () => {
    const { secrets, memory, clock } = fixture();
    await memory.write('a/b', new Secret('value one'), options);
    const told: (string | undefined)[] = [];
    const end = secrets.subscribe('a/b', (value) => told.push(value?.reveal()));
    await clock.advance(0);

    await secrets.write('a/b', new Secret('value one'), options);
    await secrets.write('a/b', new Secret('value two'), options);
    await secrets.remove('a/b', options);
    await memory.write('a/b', new Secret('value three'), options);
    secrets.invalidate('a/b');
    await clock.advance(0);
    end();
    await secrets.write('a/b', new Secret('value four'), options);

    expect(told).toEqual(['value two', undefined, 'value three']);
  });

  it('goes on watching through an outage, and ends with its last subscriber', async () => {
    const { secrets, backend, down, clock } = failing();
    await backend.write('a/b', new Secret('value one'), options);
    const told: (string | undefined)[] = [];
    const end = secrets.subscribe('a/b', (value) => told.push(value?.reveal()));
    await clock.advance(0);
    down.error = outage;
    await clock.advance(3 * ttlMs);
    await backend.write('a/b', new Secret('value two'), options);
    down.error = undefined;
    await clock.advance(ttlMs);

    expect(told).toEqual(['value two']);
    end();
    expect(clock.sleepers()).toBe(0);
  });
});
