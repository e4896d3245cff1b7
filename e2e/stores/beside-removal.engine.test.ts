import { expect, it } from 'vitest';
import { findTestTofu, noTofuReason } from '../../adapters/tofu/src/test-bench.ts';
import { launchBesideRemoval } from './beside-removal.ts';
import { findFakecloudMirror, noMirrorReason } from './fake-cloud-module.ts';

const program = findTestTofu() ?? '';

it('asks for the machine of a new job while the removal of another of its Egg hangs in the cloud', async ({
  skip,
}) => {
  skip(!program.includes('tofu'), noTofuReason);
  const mirror = findFakecloudMirror() ?? '';
  skip(mirror === '', noMirrorReason);

  const { createdAfterMs, ...seen } = await launchBesideRemoval({ program, mirror });

  console.info(`from the job to the request for its machine: ${Math.round(createdAfterMs ?? Number.NaN)} ms`);
  expect(createdAfterMs).toBeDefined();
  expect(seen).toEqual({ isRemovalOpen: true, isLeft: false });
}, 480_000);
