import { Secret } from '@polar-gosling/kernel';
import { createMemoryBlobs } from '@polar-gosling/ports/blobs/memory';
import { describe, expect, it } from 'vitest';
import { createS3StateAccess, type StateBucket } from './s3-state.ts';
import { never } from './test-bench.ts';

const key = 'tofu-states/web/terraform.tfstate';
const call = { signal: never };

function stateOf(serial: number, lineage: string, resources = 'none'): Uint8Array {
  return Buffer.from(JSON.stringify({ serial, lineage, resources }));
}

/** A bucket with that state, or none; `meanwhile` is what another writes between our reading and our writing, once. */
function bucketWith(first: Uint8Array | undefined, meanwhile?: Uint8Array) {
  let there = first;
  let version = 1;
  let other = meanwhile;
  const bucket: StateBucket = {
    ...{ bucket: 'states', prefix: '' },
    access: async () => ({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'id', secretAccessKey: new Secret('key') },
      holdsConditionalWrites: true,
    }),
    async read() {
      const found = there && { bytes: there, version: String(version) };
      if (other !== undefined) [there, other, version] = [other, undefined, version + 1];
      return found;
    },
    async write(_key, value, { over }) {
      if (over !== (there === undefined ? undefined : String(version))) return 'changed';
      [there, version] = [value, version + 1];
      return 'written';
    },
  };
  const placeIn = (more: Partial<StateBucket> = {}) =>
    createS3StateAccess({ bucket: { ...bucket, ...more }, blobs: createMemoryBlobs() }, key);
  return { place: placeIn(), placeIn, text: () => there && Buffer.from(there).toString('utf8') };
}

describe('the state that OpenTofu could not write', () => {
  it.each([
    ['nothing', undefined, 'pushed'],
    ['an earlier serial of it', stateOf(6, 'ours'), 'pushed'],
    ['this very serial', stateOf(7, 'ours', 'as it arrived'), 'old'],
    ['a later serial', stateOf(8, 'ours'), 'old'],
    ['a state of another lineage', stateOf(1, 'another'), 'old'],
  ] as const)(
    'is put into the place where %s lies only if that is its past',
    async (_what, there, expected) => {
      const state = stateOf(7, 'ours');
      const at = bucketWith(there);

      const outcome = await at.place.push(state, call);

      expect(outcome).toBe(expected);
      const left = expected === 'pushed' ? state : there;
      expect(at.text()).toBe(Buffer.from(left ?? '').toString('utf8'));
    },
  );

  it.each([
    { what: 'a later one', there: stateOf(6, 'ours'), meanwhile: stateOf(8, 'ours'), expected: 'old' },
    { what: 'the first one', there: undefined, meanwhile: stateOf(1, 'another'), expected: 'old' },
    { what: 'one of its past', there: stateOf(5, 'ours'), meanwhile: stateOf(6, 'ours'), expected: 'pushed' },
  ] as const)('is weighed against $what that came since it was', async ({ there, meanwhile, expected }) => {
    const state = stateOf(7, 'ours');
    const at = bucketWith(there, meanwhile);

    const outcome = await at.place.push(state, call);

    expect(outcome).toBe(expected);
    expect(at.text()).toBe(Buffer.from(expected === 'pushed' ? state : meanwhile).toString('utf8'));
  });

  it('is not given up silently where each try meets another one', async () => {
    const place = bucketWith(stateOf(1, 'ours')).placeIn({ write: async () => 'changed' });

    const pushed = place.push(stateOf(7, 'ours'), call);

    await expect(pushed).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  });
});
