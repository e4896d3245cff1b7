import type { BootstrapAnswer } from '@polar-gosling/api-contract';
import { isCoded } from '@polar-gosling/kernel';
import type { AgentDeps } from './agent-deps.ts';
import { createAgentDisk } from './agent-disk.ts';
import type { AgentMemory } from './agent-memory.ts';
import { createAgentMind } from './agent-mind.ts';
import type { AgentAction } from './agent-model.ts';
import { type AgentNotes, createAgentReporter } from './agent-reporter.ts';
import type { BuildDirs } from './build-dirs.ts';
import { type ChildRunner, createChildRunner } from './child-runner.ts';
import type { JobCounts } from './job-tracker.ts';
import type { ReportBuffer } from './report-buffer.ts';
import { createReportPace } from './report-pace.ts';

/** While `gitlab-runner` starts it is looked at more often, so that a boot is not longer than it is. */
const startingProbeMs = 200;
const farewellMs = 3_000;

export interface AgentLife {
  /**
   * Runs until the agent decides to end and `gitlab-runner` has ended, and answers why. `failure`: what the agent ended
   * by, after the running jobs.
   */
  run(): Promise<AgentEnd>;
  onSignal(): void;
}

export interface AgentEnd {
  readonly why: string;
  readonly failure?: unknown;
}

interface LifeParts {
  readonly memory: AgentMemory & { answer: BootstrapAnswer };
  readonly buffer: ReportBuffer;
  readonly dirs: BuildDirs;
}

/** The agent at work: turns what happens into events, and carries out what its mind decides. */
export function createAgentLife(deps: AgentDeps, parts: LifeParts): AgentLife {
  const { clock, log } = deps;
  const { memory } = parts;
  deps.masker.add(memory.answer.agent_token);
  deps.masker.add(memory.answer.gitlab.token);
  const pace = createReportPace(clock);
  const ended = new AbortController();
  const notes: AgentNotes = {};
  const disk = createAgentDisk(deps);
  let why = '';
  let failure: { readonly error: unknown } | undefined;

  const perform = (action: AgentAction) => {
    if (action.kind === 'start') child.start(memory.answer);
    if (action.kind === 'signal') child.tell(action.told);
    if (action.kind === 'report') pace.hurry();
    if (action.kind === 'exit') {
      why = action.why;
      ended.abort();
    }
  };
  const mind = createAgentMind(clock, memory.answer, perform);
  const child = createChildRunner(
    deps,
    { dirs: parts.dirs, disk },
    {
      onExit: (reason, wasAsked) => {
        const detail = `${deps.binary.label} ended: ${reason}`;
        if (!wasAsked) notes.problem = { code: 'RUNNER_CRASHED', detail };
        mind.dispatch({ kind: 'child_exited' });
      },
      onConfigProblem: (detail) => {
        notes.problem = { code: 'CONFIG_TOML_EXTRA', detail };
      },
    },
  );
  const reporter = createAgentReporter(deps, { ...parts, mind, child, notes, disk });

  // Our failure is no reason to leave jobs alone: they end first, under our eyes, and we after them.
  const fail = (error: unknown) => {
    if (ended.signal.aborted) return;
    if (failure === undefined) log.error('the agent failed: it ends after its jobs', { error });
    failure ??= { error };
    const detail = isCoded(error) ? error.message : 'something failed inside; the log of the agent has it';
    notes.problem = { code: 'RUNNER_AGENT_FAILED', detail };
    mind.dispatch({ kind: 'failed' });
  };
  const reportLoop = async () => {
    let intervalMs = 0;
    while (!ended.signal.aborted) {
      await pace.next(intervalMs, ended.signal);
      const restMs = memory.answer.heartbeat_s * 1_000;
      intervalMs = await reporter.report(ended.signal).catch((error: unknown) => {
        fail(error);
        return restMs;
      });
    }
  };
  const look = async () => {
    const counts = await lookAt(child, ended.signal);
    note(notes, counts, clock.now());
    mind.dispatch(counts === undefined ? { kind: 'tick' } : { kind: 'observed', ...counts });
  };
  const lookLoop = async () => {
    while (!ended.signal.aborted) {
      await look().catch(fail);
      const now = mind.model().child;
      const isStarting = now.kind === 'up' && !now.isReady;
      await clock.sleep(isStarting ? Math.min(startingProbeMs, deps.probeMs) : deps.probeMs, ended.signal);
    }
  };

  return {
    onSignal: () => mind.dispatch({ kind: 'signalled' }),
    async run() {
      await Promise.all([untilEnded(reportLoop(), ended), untilEnded(lookLoop(), ended)]);
      await reporter.report(AbortSignal.timeout(farewellMs)).catch(() => undefined);
      return failure === undefined ? { why } : { why, failure: failure.error };
    },
  };
}

async function lookAt(child: ChildRunner, signal: AbortSignal): Promise<JobCounts | undefined> {
  const counts = await child.look(signal);
  signal.throwIfAborted();
  return counts;
}

/** A job that ended shows that the runner works again. */
function note(notes: AgentNotes, counts: JobCounts | undefined, now: number): void {
  if (counts === undefined || counts.newlyDone === 0) return;
  notes.lastJobAt = now;
  if (notes.problem?.code === 'RUNNER_CRASHED') notes.problem = undefined;
}

/** A loop ends by our own abort; any other failure ends both and comes out: then `gitlab-runner` may still run. */
async function untilEnded(loop: Promise<void>, ended: AbortController): Promise<void> {
  try {
    await loop;
  } catch (error) {
    if (ended.signal.aborted) return;
    ended.abort();
    throw error;
  }
}
