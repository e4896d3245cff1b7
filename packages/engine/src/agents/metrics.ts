import { type CallOptions, maxUnitWrites, type Write } from '@polar-gosling/ports/store';
import type { AgentReport } from '../api/agents.ts';
import type { EngineDeps } from '../api/engine.ts';

const rawKeptMs = 86_400_000;

type Measured = Omit<AgentReport, 'jobs' | 'buffered'>;

/** One report as a row of measurements. The same report again is the same row. */
export function metricWrite(runnerId: string, report: Measured, at: number): Write {
  return {
    kind: 'put',
    table: 'runner_metrics',
    row: {
      runner_id: runnerId,
      timestamp: at,
      state: report.state,
      job_count: report.jobCount,
      cpu_usage: report.cpuUsage,
      memory_usage: report.memoryUsage,
      disk_usage: report.diskUsage,
      agent_version: report.agentVersion,
      failure_count: report.failureCount,
      last_job_timestamp: report.lastJobAt,
      expires_at: at + rawKeptMs,
    },
    when: { kind: 'any' },
  };
}

/**
 * Writes what an agent measured while it was not heard, at the times it measured it, in order. It forgets them once it
 * is answered, and sends them all again where it is not: safe to repeat. What would have expired by now is left out,
 * and what a wrong clock dates after the report that brings it: it would pass for the newest.
 */
export async function keepBuffered(
  deps: EngineDeps,
  at: { readonly runnerId: string; readonly report: AgentReport },
  options: CallOptions,
): Promise<void> {
  const now = deps.clock.now();
  const byTime = new Map<number, Measured>();
  for (const each of at.report.buffered ?? []) {
    if (each.sentAt < now && each.sentAt > now - rawKeptMs) byTime.set(each.sentAt, each);
  }
  const writes = [...byTime].map(([time, each]) => metricWrite(at.runnerId, each, time));
  for (let start = 0; start < writes.length; start += maxUnitWrites) {
    options.signal.throwIfAborted();
    await deps.store.commit(writes.slice(start, start + maxUnitWrites), options);
  }
}
