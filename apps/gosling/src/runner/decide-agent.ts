import { type Aim, aimOf, reportedState } from './agent-aim.ts';
import type { AgentAction, AgentEvent, AgentLimits, AgentModel, ChildFacts, Told } from './agent-model.ts';

const restartBaseMs = 1_000;
const restartCapMs = 60_000;
/** A child that lived this long was no start that failed. */
const steadyMs = 5 * 60_000;
const ranks: readonly Told[] = ['nothing', 'quit', 'term', 'kill'];

/**
 * The agent's whole mind: what it knows, what happened, what to do. Level-triggered: the same facts give the same
 * aim, whatever order they came in.
 */
export function decideAgent(
  before: AgentModel,
  event: AgentEvent,
  at: { readonly now: number; readonly limits: AgentLimits },
): { readonly model: AgentModel; readonly actions: readonly AgentAction[] } {
  if (before.isOver) return { model: before, actions: [] };
  const learned = learn(before, event, at.now);
  const aim = aimOf(learned, at.now, at.limits);
  const { model, actions } = act(learned, aim, at);
  const aimBefore = aimOf(before, at.now, at.limits);
  const isNews = reportedState(before, aimBefore) !== reportedState(model, aim) || before.jobs !== model.jobs;
  return { model, actions: isNews ? [...actions, { kind: 'report' }] : actions };
}

function learn(model: AgentModel, event: AgentEvent, now: number): AgentModel {
  switch (event.kind) {
    case 'answered':
      return { ...model, desired: event.desired, heardAt: now, isDisowned: false };
    case 'refused':
      return {
        ...model,
        heardAt: now,
        isDisowned: event.status !== 410,
        isTerminated: model.isTerminated || event.status === 410,
      };
    case 'observed':
      return learnJobs(model, event);
    case 'child_exited':
      return learnExit(model, now);
    case 'signalled':
      return {
        ...model,
        signals: model.signals + 1,
        signalledAt: model.signals === 0 ? now : model.signalledAt,
      };
    case 'failed':
      return { ...model, hasFailed: true };
    case 'unreachable':
    case 'tick':
      return model;
  }
}

function learnJobs(model: AgentModel, event: AgentEvent & { kind: 'observed' }): AgentModel {
  if (model.child.kind === 'down') return model;
  const hasGoodEnd = event.newlyDone > event.newlyBroken;
  return {
    ...model,
    jobs: event.jobs,
    jobsStarted: model.jobsStarted + event.newlyStarted,
    jobsDone: model.jobsDone + event.newlyDone,
    failures: hasGoodEnd ? 0 : model.failures + event.newlyBroken,
    crashes: event.newlyDone > 0 ? 0 : model.crashes,
    child: { ...model.child, isReady: true },
  };
}

function learnExit(model: AgentModel, now: number): AgentModel {
  const { child } = model;
  if (child.kind === 'down') return model;
  if (child.told !== 'nothing') return { ...model, jobs: 0, child: { kind: 'down', retryAt: now } };
  const crashes = now - child.since >= steadyMs ? 1 : model.crashes + 1;
  const retryAt = now + Math.min(restartCapMs, restartBaseMs * 2 ** Math.min(crashes - 1, 10));
  return { ...model, jobs: 0, crashes, failures: model.failures + 1, child: { kind: 'down', retryAt } };
}

function act(
  model: AgentModel,
  aim: Aim,
  { now, limits }: { readonly now: number; readonly limits: AgentLimits },
): { model: AgentModel; actions: AgentAction[] } {
  const { child } = model;
  if (child.kind === 'up') {
    const told = orderFor(child, aim, { now, limits });
    if (told === 'nothing') return { model, actions: [] };
    return {
      model: { ...model, child: { ...child, told, toldAt: now } },
      actions: [{ kind: 'signal', told }],
    };
  }
  if (aim.next === 'exit') {
    return { model: { ...model, isOver: true }, actions: [{ kind: 'exit', why: aim.why }] };
  }
  if (aim.child !== 'serve' || now < child.retryAt) return { model, actions: [] };
  const started: ChildFacts = { kind: 'up', since: now, isReady: false, told: 'nothing', toldAt: now };
  return { model: { ...model, child: started }, actions: [{ kind: 'start' }] };
}

/** The next signal for a living child, `nothing` where it has been told all that is wanted. */
function orderFor(
  child: ChildFacts & { kind: 'up' },
  aim: Aim,
  { now, limits }: { readonly now: number; readonly limits: AgentLimits },
): Told {
  const isOverdue = child.told === 'term' && now - child.toldAt >= limits.abortMs;
  const wanted = isOverdue ? 'kill' : wantedOf(aim);
  return ranks.indexOf(wanted) > ranks.indexOf(child.told) ? wanted : 'nothing';
}

function wantedOf(aim: Aim): Told {
  if (aim.child === 'abort') return 'term';
  return aim.child === 'finish' ? 'quit' : 'nothing';
}
