import { defineErrors } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';

export type { CallOptions } from '../call.ts';

/** A machine as its cloud sees it. */
export interface Machine {
  /** Our runner id, from the machine's tag. */
  readonly runnerId: string;
  readonly egg: string;
  readonly state: 'running' | 'stopped' | 'gone';
  /** What OpenTofu calls its parts, so that its state can learn of them. Absent where the host is the cloud. */
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

/** A machine in a cloud, as its row names it. */
export interface CloudMachineRef {
  readonly runnerId: string;
  readonly type: 'vm' | 'serverless';
  readonly region: string;
}

/** Looks at the machines of one cloud. */
export interface CloudMachines {
  /**
   * Every machine of this installation that may still be there, by tag, wherever the installation makes machines. Fails
   * with MACHINES_UNAVAILABLE when a part did not answer. Safe to repeat.
   */
  list(options: CallOptions): Promise<readonly Machine[]>;
  /** By its tag; `undefined` = the cloud knows nothing of it. Fails with MACHINES_UNAVAILABLE when it did not answer. */
  status(machine: CloudMachineRef, options: CallOptions): Promise<Machine | undefined>;
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
