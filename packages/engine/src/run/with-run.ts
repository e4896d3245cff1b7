import { isCoded } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { TofuEvent, TofuRun, TofuRunRequest, TofuTool } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import type { Lease } from '../leases/lease.ts';
import { followActiveTofu } from '../tools/follow-active.ts';
import { failRun } from './end-run.ts';
import { createRunProgress, type RunProgress } from './run-progress.ts';
import { openRun, type RunRecord } from './run-row.ts';

const longestRunMs = 25 * 60_000;

export interface OpenedRun {
  readonly run: RunRecord;
  readonly tofu: TofuRun;
  readonly tool: TofuTool;
}

export interface RunPurpose {
  /** Of the shard. */
  readonly lease: Lease;
  readonly purpose: string;
  readonly request: Pick<TofuRunRequest, 'wanted' | 'refresh' | 'savedPlan'>;
}

/** One OpenTofu run from its row to its end. Its directory and log are taken care of whatever happens. */
export async function withRun<Result>(
  deps: InternalDeps,
  at: RunPurpose & CallOptions,
  action: (opened: OpenedRun) => Promise<Result>,
): Promise<Result> {
  const options = { signal: at.signal };
  await followActiveTofu(deps, options);
  const tool = await deps.tofu.tool(options);
  const hardEndAt = deps.clock.now() + longestRunMs;
  const { lease, purpose } = at;
  const { egg, shard } = at.request.wanted;
  const run = await openRun(deps, { egg, shard, lease, hardEndAt, purpose }, options);
  const progress = createRunProgress(deps, run);
  const tofu = await openTofu(deps, { ...at, run, progress }, options);
  try {
    return await action({ run, tofu, tool });
  } catch (error) {
    // A failed apply has already written down what it did; one that was interrupted is settled by the next holder.
    const isWritten = isCoded(error, 'TOFU_APPLY_FAILED') || options.signal.aborted;
    if (!isWritten) await failRun(deps, { run, error });
    throw error;
  } finally {
    await progress.close();
    await keepLog(deps, { run, tofu });
    await tofu.dispose();
  }
}

async function openTofu(
  deps: InternalDeps,
  { request, run, progress }: RunPurpose & { run: RunRecord; progress: RunProgress },
  options: CallOptions,
): Promise<TofuRun> {
  const log = deps.log.with({ egg: run.egg, runId: run.id, shard: run.shard });
  const told = {
    runId: run.id,
    hardEndAt: run.hardEndAt,
    onEvent(event: TofuEvent) {
      progress.note(event);
      if (event.severity === 'error') log.warn(event.message);
      else log.debug(event.message);
    },
    onProcess: (pid: number) => {
      void notePid(deps, { run, pid });
    },
  };
  try {
    return await deps.tofu.open({ ...request, ...told }, options);
  } catch (error) {
    await progress.close();
    if (!options.signal.aborted) await failRun(deps, { run, error });
    throw error;
  }
}

/** Names the process on the run's row, so that a later holder can end it. */
async function notePid(deps: InternalDeps, at: { run: RunRecord; pid: number }): Promise<void> {
  const key = { table: 'runs', partition: at.run.id } as const;
  try {
    await deps.store.commit([{ kind: 'update', key, set: { pid: at.pid }, when: { kind: 'present' } }], {
      signal: AbortSignal.timeout(10_000),
    });
  } catch (error) {
    deps.log.warn('the pid of a run could not be noted', { runId: at.run.id, pid: at.pid, error });
  }
}

async function keepLog(deps: InternalDeps, at: { run: RunRecord; tofu: TofuRun }): Promise<void> {
  const key = `runs/${at.run.id}/log.jsonl`;
  const options = { signal: AbortSignal.timeout(10_000) };
  try {
    await deps.blobs.write(key, at.tofu.log(), options);
    const row = { table: 'runs', partition: at.run.id } as const;
    await deps.store.commit(
      [{ kind: 'update', key: row, set: { log_ref: key }, when: { kind: 'present' } }],
      options,
    );
  } catch (error) {
    deps.log.warn('the log of a run could not be kept', { runId: at.run.id, error });
  }
}
