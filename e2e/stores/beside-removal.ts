import { createSystemClock } from '@polar-gosling/kernel';
import { never } from '../../adapters/tofu/src/test-bench.ts';
import { addJob } from '../../packages/engine/src/testing/gitlab-model.ts';
import { install } from '../../packages/engine/src/testing/install.ts';
import { cloudEgg, createCloudWorld } from './cloud-world.ts';

/** A bound for a hung one: of two cores that others load, each run of OpenTofu takes its part. */
const mostMs = 150_000;

export interface BesideRemoval {
  /** Ms from the job to the request that makes its machine; `undefined`: none came. */
  readonly createdAfterMs: number | undefined;
  /** Had the cloud let the removal end by then? */
  readonly isRemovalOpen: boolean;
  readonly isLeft: boolean;
}

/**
 * In real time, with the real OpenTofu: the removal of a machine hangs in its cloud, a job of the same Egg comes, and the
 * removal goes on when its machine has been asked for.
 */
export async function launchBesideRemoval(at: { program: string; mirror: string }): Promise<BesideRemoval> {
  const real = createSystemClock();
  const clock = { ...real, advance: (ms: number) => real.sleep(ms, never) };
  await using world = await createCloudWorld({ ...at, states: 'local', clock });
  const { plane, cloud } = world;
  const hanging = Promise.withResolvers<void>();
  const asked: number[] = [];
  cloud.treat = ({ method }) => {
    if (method === 'POST') asked.push(clock.monotonic());
    return method === 'DELETE' ? { after: hanging.promise } : {};
  };
  await install(plane, { 'Eggs/app/config.fly': cloudEgg(4) });
  plane.start();
  addJob(plane.model, { projectId: 1, lastsMs: 1_000 });
  await plane.runUntil(() => cloud.held() === 1, mostMs);

  const from = clock.monotonic();
  const second = addJob(plane.model, { projectId: 1, lastsMs: 1_000 });
  await plane.runUntil(() => asked.length === 2, mostMs);
  const isRemovalOpen = cloud.held() === 1;
  const createdAfterMs = asked[1] === undefined ? undefined : asked[1] - from;
  hanging.resolve();
  const isOver = () => second.status === 'success' && cloud.machines.size === 0;
  const isLeft = (await plane.runUntil(isOver, mostMs)) === undefined;
  return { createdAfterMs, isRemovalOpen, isLeft };
}
