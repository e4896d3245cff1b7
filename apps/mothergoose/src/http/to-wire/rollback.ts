import type { ConfigChange, Replacement, Rollback } from '@polar-gosling/api-contract';
import type { RollbackView } from '@polar-gosling/engine';
import { toWireValue, wirePath } from './egg-config.ts';
import { toTime } from './time.ts';

export function toWireRollback(view: RollbackView): Rollback {
  const { before, after } = view;
  return {
    egg_name: view.egg,
    action: view.action,
    dry_run: view.dryRun,
    before: { machine_hash: before.machineHash, git_commit: before.commit },
    after: { machine_hash: after.machineHash, git_commit: after.commit },
    deployment: after.deployment && { ...after.deployment },
    changes: view.changes.map(toWireChange),
    runners: toWireReplacement(view.runners),
    ...(view.plan === undefined ? {} : { plan: toWireArmed(view.plan) }),
  };
}

function toWireArmed(plan: NonNullable<RollbackView['plan']>): Rollback['plan'] {
  if (plan === 'made anew') return null;
  return { id: plan.id, created_at: toTime(plan.createdAt), summary: { ...plan.summary } };
}

export function toWireChange(change: RollbackView['changes'][number]): ConfigChange {
  const { before, after, isMachine } = change;
  return {
    path: wirePath(change.path),
    ...(before === undefined ? {} : { before: toWireValue(before) }),
    ...(after === undefined ? {} : { after: toWireValue(after) }),
    machine: isMachine,
  };
}

export function toWireReplacement({
  kept,
  replaced,
  drained,
  leaving,
}: RollbackView['runners']): Replacement {
  return { kept: [...kept], replaced: [...replaced], drained: [...drained], leaving: [...leaving] };
}
