import type { Run, RunEvent, RunLine, RunSummary } from '@polar-gosling/api-contract';
import type { RunEvent as EngineEvent } from '@polar-gosling/engine';
import type { ProgressLine, RunRow } from '@polar-gosling/ports/store';
import { z } from 'zod';
import { toTime } from './time.ts';

const Problem = z.object({ code: z.string(), detail: z.string().default('') });

export function toWireRunSummary(row: RunRow): RunSummary {
  const problem = Problem.safeParse(row.error);
  return {
    id: row.id,
    egg_name: row.egg_name,
    shard: row.shard,
    state: row.state,
    plan_id: row.plan_id ?? null,
    started_at: toTime(row.started_at),
    ...(problem.success && { problem: problem.data }),
  };
}

export function toWireRun(row: RunRow): Run {
  const lines = row.progress ?? [];
  const before = (row.progress_count ?? lines.length) - lines.length;
  const progress = lines.map((line, place) => toWireLine(line, before + place + 1));
  return { ...toWireRunSummary(row), progress };
}

export function toWireRunEvent({ runId, egg, shard, state, line }: EngineEvent): RunEvent {
  return {
    ...{ run_id: runId, egg_name: egg, shard },
    ...(state !== undefined && { state }),
    ...(line !== undefined && { line: toWireLine(line, line.number) }),
  };
}

function toWireLine({ at, kind, message, address, severity }: ProgressLine, number: number): RunLine {
  return {
    ...{ number, at: toTime(at), kind, message },
    ...(address !== undefined && { address }),
    ...(severity !== undefined && { severity }),
  };
}
