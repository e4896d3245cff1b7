export const runnerTypes = ['instance_type', 'group_type', 'project_type'] as const;
export type RunnerScope = (typeof runnerTypes)[number];
export const runnerAccessLevels = ['not_protected', 'ref_protected'] as const;

/** One registration; every machine that uses its token is a manager of it. */
export interface Runner {
  readonly id: number;
  readonly scope: RunnerScope;
  readonly groupId: number | undefined;
  readonly projectIds: Set<number>;
  readonly createdAtMs: number;
  readonly createdBy: number;
  token: string;
  tokenExpiresAtMs: number | undefined;
  description: string;
  isPaused: boolean;
  isLocked: boolean;
  runsUntagged: boolean;
  accessLevel: string;
  tags: readonly string[];
  /** Seconds. */
  maximumTimeout: number | undefined;
  maintenanceNote: string | undefined;
  contactedAtMs: number | undefined;
}

export interface RunnerManager {
  readonly id: number;
  readonly runnerId: number;
  readonly systemId: string;
  readonly createdAtMs: number;
  version: string | undefined;
  revision: string | undefined;
  platform: string | undefined;
  architecture: string | undefined;
  ipAddress: string | undefined;
  contactedAtMs: number;
}
