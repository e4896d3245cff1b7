import type { Plan } from '@polar-gosling/api-contract';
import type { PlanRow } from '@polar-gosling/ports/store';
import { z } from 'zod';
import { toTime, toTimeOrNull } from './time.ts';

const count = z.int().catch(0);
const Summary = z
  .object({ add: count, change: count, destroy: count })
  .catch({ add: 0, change: 0, destroy: 0 });
const Metadata = z.record(z.string(), z.unknown()).catch({});

export function toWirePlan(row: PlanRow): Plan {
  return {
    id: row.id,
    egg_name: row.egg_name,
    plan_type: row.plan_type,
    kind: row.kind,
    config_hash: row.config_hash,
    git_commit: row.git_commit,
    created_at: toTime(row.created_at),
    applied_at: toTimeOrNull(row.applied_at),
    status: row.status,
    rollback_plan_id: row.rollback_plan_id ?? null,
    summary: Summary.parse(row.summary),
    metadata: Metadata.parse(row.metadata),
  };
}
