import { formatDuration } from '@polar-gosling/kernel';
import { deadlineOf, type RunnerState, runnerStates } from '../states.ts';
import { type Draft, moveTo, type Planning, type Reason, wish } from './draft.ts';
import type { RunnerFacts } from './facts.ts';
import { isProvablyGone, isSilent, takesNoMoreJobs } from './silence.ts';

const starting: readonly RunnerState[] = ['requested', 'provisioning', 'booting'];
const serving: readonly RunnerState[] = ['booting', 'idle', 'active'];

/** Takes in what happened: silence, vanished machines, deadlines that passed, what agents say. Kills nothing. */
export function observe(planning: Planning): void {
  for (const draft of planning.drafts) {
    noteSilence(planning, draft);
    if (noteEnd(planning, draft)) continue;
    followAgent(planning, draft);
    followTier(planning, draft);
  }
}

function noteSilence(planning: Planning, draft: Draft): void {
  const { facts } = draft;
  draft.isSilent = isSilent(facts, planning.facts);
  const wasSilent = facts.unknownSince !== undefined;
  if (draft.isSilent === wasSilent || facts.agent === undefined) return;
  const { lastHeartbeat } = facts.agent;
  planning.moves.push({
    kind: 'unknown',
    runnerId: facts.id,
    since: draft.isSilent ? lastHeartbeat : undefined,
    why: draft.isSilent
      ? `no heartbeat for ${formatDuration(planning.facts.now - lastHeartbeat)}: it counts for nothing until heard again`
      : 'heard again after a silence',
    rule: draft.isSilent ? 'silent' : 'heard_again',
  });
}

/** The machine is gone, or a state lasted longer than it may. */
function noteEnd(planning: Planning, draft: Draft): boolean {
  const { facts } = draft;
  const reason = endOf(planning, draft);
  if (reason === undefined) return false;
  // A draining one has no failure to report: it was to go anyway.
  moveTo(planning, draft, { to: facts.state === 'draining' ? 'terminating' : 'failed', ...reason });
  return true;
}

function endOf(planning: Planning, draft: Draft): Reason | undefined {
  const { facts } = draft;
  const hasMachine = serving.includes(facts.state) || facts.state === 'draining';
  if (hasMachine && isProvablyGone(facts, draft.isSilent)) {
    if (facts.state === 'draining' && planning.facts.frozen) return undefined;
    return { why: 'the cloud says that its machine no longer exists', rule: 'machine_gone' };
  }
  if (!isOverdue(facts, planning.facts.now)) return undefined;
  return {
    why: `still ${facts.state} after ${formatDuration(planning.facts.now - facts.stateSince)}, longer than this state may last`,
    rule: 'deadline_passed',
  };
}

/** GitLab knowing of a job it runs, or its agent having one, saves it: nothing running is killed by doubt. */
function isOverdue(facts: RunnerFacts, now: number): boolean {
  if (!starting.includes(facts.state)) return false;
  if (facts.proof?.gitlabIdle === false || stateByAgent(facts) !== undefined) return false;
  const deadlineAt = facts.deadlineAt ?? deadlineOf(runnerStates, facts.state, facts.stateSince);
  return deadlineAt !== undefined && now >= deadlineAt;
}

function followAgent(planning: Planning, draft: Draft): void {
  const { agent } = draft.facts;
  if (agent === undefined) return;
  if (draft.state === 'provisioning') {
    // The agent may be up before the apply that made its machine has ended.
    moveTo(planning, draft, { to: 'booting', why: 'its agent was heard', rule: 'agent_heard' });
  }
  if (!serving.includes(draft.state)) return;
  const to = stateByAgent(draft.facts);
  if (to === undefined || to === draft.state) return;
  moveTo(planning, draft, { to, why: `its agent says ${agent.state}`, rule: `agent_${agent.state}` });
}

function stateByAgent({ agent }: RunnerFacts): 'idle' | 'active' | 'draining' | undefined {
  switch (agent?.state) {
    case 'idle':
    case 'active':
    case 'parked':
      return agent.runningJobs > 0 || agent.state === 'active' ? 'active' : 'idle';
    case 'draining':
    case 'drained':
    case 'finished':
    case 'stopping':
      return 'draining';
    default:
      return undefined;
  }
}

/** What the agent is told must fit where the runner stands; `stop` is an operator's word and stays. */
function followTier(planning: Planning, draft: Draft): void {
  if (draft.desired === 'stop') return;
  if (draft.state === 'draining') {
    wish(planning, draft, { desired: 'drain', why: 'it is draining', rule: 'desired_follows_state' });
  } else if (serving.includes(draft.state)) {
    const desired = draft.pool === 'apex' ? 'run' : 'park';
    wish(planning, draft, { desired, why: `it stands in ${draft.pool}`, rule: 'desired_follows_tier' });
  }
}

/** A silent runner that can take no job any more gives its place away; it ends only by the three proofs of its end. */
export function writeOffSilent(planning: Planning): void {
  for (const draft of planning.drafts) {
    if (draft.state !== 'idle' && draft.state !== 'active') continue;
    if (!takesNoMoreJobs(draft.facts, planning.facts.now)) continue;
    const reason: Reason = {
      why: 'silent for so long that it asks for no more jobs, and GitLab knows of none it runs',
      rule: 'silent_written_off',
    };
    moveTo(planning, draft, { to: 'draining', ...reason });
    wish(planning, draft, { desired: 'drain', ...reason });
  }
}
