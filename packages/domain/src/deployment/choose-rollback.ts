import type { EggConfig } from '../egg.ts';
import type { DeploymentState } from '../states.ts';
import { isSameMachinePart, type MachinePart, machinePartOf } from './machine-part.ts';

export interface DeploymentFacts {
  readonly id: string;
  readonly state: DeploymentState;
  /** Absent: of a release that did not keep it. */
  readonly part?: MachinePart;
}

export interface RollbackFacts<Deployment extends DeploymentFacts> {
  /** In force now, the pin included. */
  readonly egg: EggConfig;
  /** Newest first. */
  readonly deployments: readonly Deployment[];
  /** A deployment that was named; absent: the one before. */
  readonly to?: string;
  /** The deployment that is pinned now. */
  readonly pinned?: string;
}

export type RollbackChoice<Deployment extends DeploymentFacts> =
  | { readonly kind: 'pin'; readonly deployment: Deployment; readonly part: MachinePart }
  | { readonly kind: 'nothing'; readonly why: string };

/**
 * Which deployment a rollback goes back to. Unnamed, it is the newest one whose machines differ from those in force and
 * that neither failed nor was rolled back from: a second rollback goes further back, never forward again.
 */
export function chooseRollback<Deployment extends DeploymentFacts>(
  facts: RollbackFacts<Deployment>,
): RollbackChoice<Deployment> {
  const { egg, deployments, to } = facts;
  const inForce = machinePartOf(egg);
  const older = deployments.slice(deployments.findIndex(({ id }) => id === facts.pinned) + 1);
  const candidates =
    to === undefined
      ? older.filter(({ state }) => state !== 'failed' && state !== 'rolled_back')
      : deployments.filter(({ id }) => id === to);
  const [named] = candidates;
  if (to !== undefined && named?.part === undefined) {
    return { kind: 'nothing', why: 'that deployment was kept without its machines' };
  }
  for (const deployment of candidates) {
    const { part } = deployment;
    if (part === undefined || isSameMachinePart(egg, part, inForce)) continue;
    return { kind: 'pin', deployment, part };
  }
  const why =
    to === undefined
      ? 'no earlier deployment had other machines and did well'
      : 'its machines are those in force already';
  return { kind: 'nothing', why };
}
