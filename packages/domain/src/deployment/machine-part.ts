import type { EggConfig, EggRunner } from '../egg.ts';
import { machineHash } from '../hashes.ts';

/**
 * What of an Egg's configuration shapes its machines: all that enters `machineHash`, and beside it what means something
 * only with the type or the executor of that time.
 */
export interface MachinePart {
  readonly type: EggConfig['type'];
  readonly cloud: EggConfig['cloud'];
  readonly resources: EggConfig['resources'];
  readonly environment: EggConfig['environment'];
  readonly executor: EggRunner['executor'];
  readonly image?: EggRunner['image'];
  readonly jobsPerRunner: number;
  /** Taken with another type only: a serverless runner is for one job, a VM for many. */
  readonly maxJobs?: EggRunner['maxJobs'];
  /** Taken with another executor only. */
  readonly docker?: EggRunner['docker'];
}

export function machinePartOf(egg: EggConfig): MachinePart {
  const { type, cloud, resources, environment, runner } = egg;
  const { executor, image, jobsPerRunner, maxJobs, docker } = runner;
  return {
    type,
    cloud,
    resources,
    environment,
    executor,
    jobsPerRunner,
    ...(image === undefined ? {} : { image }),
    ...(maxJobs === undefined ? {} : { maxJobs }),
    ...(docker === undefined ? {} : { docker }),
  };
}

/** The Egg with the machines of another time; tags, counts, times and bindings stay as they are. */
export function withMachinePart(egg: EggConfig, part: MachinePart): EggConfig {
  const { image: _image, maxJobs, docker, ...runner } = egg.runner;
  const jobs = part.type === egg.type ? maxJobs : part.maxJobs;
  const inDocker = part.executor === runner.executor ? docker : part.docker;
  return {
    ...egg,
    type: part.type,
    cloud: part.cloud,
    resources: part.resources,
    environment: part.environment,
    runner: {
      ...runner,
      executor: part.executor,
      jobsPerRunner: part.jobsPerRunner,
      ...(part.image === undefined ? {} : { image: part.image }),
      ...(jobs === undefined ? {} : { maxJobs: jobs }),
      ...(inDocker === undefined ? {} : { docker: inDocker }),
    },
  };
}

/** Hash of what the Nest alone says of machines: a raised `machine_revision` of the module is no commit. */
export function nestMachineHash(egg: EggConfig): string {
  return machineHash(egg, 0);
}

/** Would both make the same machines, with the same module? */
export function isSameMachinePart(egg: EggConfig, one: MachinePart, other: MachinePart): boolean {
  const hashOf = (part: MachinePart) => nestMachineHash(withMachinePart(egg, part));
  return hashOf(one) === hashOf(other);
}
