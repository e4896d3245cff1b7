import { defineErrors } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';

export type { CallOptions } from '../call.ts';

/** A machine as its cloud sees it. */
export interface Machine {
  /** Our runner id, from the machine's tag. */
  readonly runnerId: string;
  readonly egg: string;
  /** Name of the installation that made it, from the machine's tag. Absent where the host is the cloud. */
  readonly installation?: string;
  readonly state: 'running' | 'stopped' | 'gone';
  /**
   * What OpenTofu calls its parts that are there, so that its state can learn of them: also what is left of one that is
   * gone. Absent where the host is the cloud.
   */
  readonly resources?: readonly MachineResource[];
}

/** One part of a machine, as OpenTofu imports it. */
export interface MachineResource {
  /** Such as `aws_instance`. */
  readonly type: string;
  readonly id: string;
}

/** Looks at machines; never creates or removes them (that is OpenTofu's). */
export interface Machines {
  /** Every machine of this installation, by tag. Safe to repeat. */
  list(options: CallOptions): Promise<readonly Machine[]>;
  /** One machine; `undefined` = the cloud knows nothing of it. Fails with MACHINES_UNAVAILABLE when it did not answer. */
  status(runnerId: string, options: CallOptions): Promise<Machine | undefined>;
}

/**
 * A machine in a cloud, by what it was made with: the settings of today may be others, and do not see it. What its entry
 * does not tell is absent.
 */
export interface CloudMachineRef {
  readonly runnerId: string;
  readonly type: 'vm' | 'serverless';
  readonly region: string;
  /** Name of the installation that made it. */
  readonly installation: string;
  /** Its own name: that of its service on Fargate. */
  readonly name: string;
  readonly cluster?: string;
  readonly subnet?: string;
  /** Of Yandex Cloud. */
  readonly folder?: string;
}

/** A container that runners are invocations of. Without a folder it is looked for where machines are made now. */
export type ContainerRef = Pick<CloudMachineRef, 'name' | 'installation' | 'folder'>;

/** Looks at the machines of one cloud. */
export interface CloudMachines {
  /**
   * Every machine with a runner's tag that may still be there, whatever installation made it, wherever this one makes
   * machines. Fails with MACHINES_UNAVAILABLE when a part did not answer. Safe to repeat.
   */
  list(options: CallOptions): Promise<readonly Machine[]>;
  /**
   * By its tag; `undefined` = the cloud knows nothing of it. Fails with MACHINES_UNAVAILABLE when it did not answer, or
   * when we do not look where the machine was made (another account): what is not seen from here is not gone.
   */
  status(machine: CloudMachineRef, options: CallOptions): Promise<Machine | undefined>;
  /**
   * By its name and the installation that made it; `undefined` = there is none. Only where runners are invocations.
   * Fails with MACHINES_UNAVAILABLE when the cloud did not answer.
   */
  container?(container: ContainerRef, options: CallOptions): Promise<MachineResource | undefined>;
}

export const machinesErrors = defineErrors('MACHINES', {
  unavailable: {
    message: (p: { reason: string }) => `cannot look at the machines: ${p.reason}`,
    http: 503,
    retry: 'backoff',
  },
  unknown: {
    message: (p: { machines: string }) =>
      `machines of this installation run that no runner answers for: ${p.machines}; remove them in the cloud by hand`,
    http: 500,
    retry: 'never',
  },
});
