import type { Store } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { createFakeClock } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLedger, type Ledger } from './ledger.ts';

const options = { signal: new AbortController().signal };
const sha256 = 'a'.repeat(64);
let clock: ReturnType<typeof createFakeClock>;
let store: Store;
let hosts: readonly [Ledger, Ledger];

beforeEach(() => {
  clock = createFakeClock();
  store = createMemoryStore({ clock });
  hosts = [createLedger({ store, clock }), createLedger({ store, clock })];
});

/** A fetch that goes on until it is told to end. */
function aFetch() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const state = { begun: 0 };
  const action = () => {
    state.begun += 1;
    return promise;
  };
  return { action, state, resolve, reject };
}

describe('who fetches what no lock file names yet', () => {
  it('is one host; the other waits, however long it takes, and takes what was kept', async () => {
    const [first, second] = hosts;
    const [one, other] = [aFetch(), aFetch()];
    const claimed = first.claiming('set', one.action, options);
    await clock.advance(1);
    const waiting = second.claiming('set', other.action, options);
    await clock.advance(10 * 60_000);
    await first.keepLock('set', sha256, options);
    one.resolve('fetched');
    await clock.advance(5_000);

    expect([await claimed, await waiting]).toEqual(['fetched', undefined]);
    expect([one.state.begun, other.state.begun]).toEqual([1, 0]);
    expect(await second.look('set', options)).toEqual({ lockSha256: sha256, cleared: 0 });
  });

  it('is the next one at once when the first fails', async () => {
    const [first, second] = hosts;
    const [one, other] = [aFetch(), aFetch()];
    const claimed = first.claiming('set', one.action, options).catch((error: Error) => error.message);
    await clock.advance(1);
    void second.claiming('set', other.action, options);
    one.reject(new Error('no network'));
    await clock.advance(2_000);

    expect(await claimed).toBe('no network');
    expect(other.state.begun).toBe(1);
  });

  it('is the next one half a minute after the first died', async () => {
    const [, second] = hosts;
    const other = aFetch();
    const key = { table: 'tofu_cache', partition: 'lock', sort: 'set' } as const;
    const claim = { claimed_until: clock.now() + 30_000 };
    await store.commit([{ kind: 'update', key, set: claim, when: { kind: 'any' } }], options);
    void second.claiming('set', other.action, options);

    await clock.advance(29_000);
    const early = other.state.begun;
    await clock.advance(2_000);

    expect([early, other.state.begun]).toEqual([0, 1]);
  });
});

describe('the hashes of what lies in Blobs', () => {
  it('are those of one provider and platform, until they are cleared', async () => {
    const [ledger] = hosts;
    const source = 'registry.opentofu.org/hashicorp/aws';
    const keep = (over: object) =>
      ledger.keepPackage(
        { source, version: '6.0.0', platform: 'linux_amd64', sha256, sizeBytes: 9, ...over },
        options,
      );
    await keep({});
    await keep({ platform: 'linux_arm64' });
    await keep({ source: 'registry.opentofu.org/hashicorp/awscc' });
    await ledger.keepLock('set', sha256, options);

    expect(await ledger.listPackages(source, 'linux_amd64', options)).toEqual([
      { source, version: '6.0.0', platform: 'linux_amd64', sha256 },
    ]);
    expect(await ledger.clearProviders(options)).toBe(4);
    expect(await ledger.listPackages(source, 'linux_amd64', options)).toEqual([]);
    expect(await ledger.look('set', options)).toEqual({ cleared: 0 });
  });

  it('count how often prepared modules were cleared', async () => {
    const [ledger, elsewhere] = hosts;

    await ledger.clearModules(options);
    await ledger.clearModules(options);

    expect(await elsewhere.look(undefined, options)).toEqual({ cleared: 2 });
  });
});
