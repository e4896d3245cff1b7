import { codeOf, Secret } from '@polar-gosling/kernel';
import type { ControlPlane } from './control-plane.ts';
import { addJob } from './gitlab-model.ts';
import { nestOf } from './nest-texts.ts';

/** What happens to an installation, and gets to its end whichever call of a port fails meanwhile. */
export interface Scenario {
  readonly name: string;
  /** Fewer calls than this tell nothing. */
  readonly leastCalls: number;
  /** Plays it; answers how long each step took, `undefined` where it never ended. What `begin` ends is set-up. */
  play(plane: ControlPlane, begin: () => void): Promise<(number | undefined)[]>;
  /** What must be so in GitLab at the end; empty when it is. */
  wrongIn(plane: ControlPlane): string[];
}

const direct = { signal: new AbortController().signal };
const minuteMs = 60_000;
const me = { tokenId: 't', name: 'me', role: 'write' } as const;

/** From a pushed Egg to a green job to an Egg that is gone. */
export const pushToRemoved: Scenario = {
  name: 'from push to green to removed',
  leastCalls: 1_000,
  async play(plane, begin) {
    begin();
    plane.model.projects.set(1, 'group/app').set(2, 'group/other');
    const other = { other: { project: 2, tags: ['other'] } };
    plane.git.commit(nestOf({ app: {}, ...other }));
    plane.start();
    const bound = await plane.runUntil(() => plane.model.hooks.size === 2, 11 * minuteMs);
    const job = addJob(plane.model, { projectId: 1, lastsMs: 20_000 });
    const green = await plane.runUntil(() => job.status === 'success', 11 * minuteMs);
    plane.git.commit(nestOf(other));
    await pushHeard(plane);
    const isForgotten = async () => {
      const rows = await plane.recording.rows('egg_configs');
      return plane.tofu.machines.size === 0 && !rows.some(({ name }) => name === 'app');
    };
    return [bound, green, await plane.runUntil(isForgotten, 20 * minuteMs)];
  },
  wrongIn: (plane) => boundAlone(plane, '2'),
};

/** The machines of an earlier deployment are pinned and come into force, and the pin is lifted. */
const rolledBack: Scenario = {
  name: 'a rollback and its end',
  leastCalls: 80,
  async play(plane, begin) {
    plane.model.projects.set(1, 'group/app');
    const nest = (memory: number) =>
      nestOf({ app: { more: ['  }', '  resources {', `    memory = ${memory}`] } });
    const first = plane.git.commit(nest(1024));
    plane.start();
    const set = [await plane.runUntil(() => isRunning(plane, first), 11 * minuteMs)];
    const second = plane.git.commit(nest(2048));
    await pushHeard(plane);
    set.push(await plane.runUntil(() => isRunning(plane, second), 11 * minuteMs));
    begin();

    const command = { egg: 'app', dryRun: false };
    const pinned = await insist(plane, 'ROLLBACK_NOTHING', () =>
      plane.engine().commands.rollback(me, { ...command, to: first, unpin: false }, direct),
    );
    const isPinned = await plane.runUntil(() => isRunning(plane, first), 11 * minuteMs);
    const lifted = await insist(plane, 'ROLLBACK_NOT_PINNED', () =>
      plane.engine().commands.rollback(me, { ...command, unpin: true }, direct),
    );
    const isOver = async () =>
      (await plane.recording.rows('pins')).length === 0 && (await isRunning(plane, second));
    const over = await plane.runUntil(isOver, 11 * minuteMs);
    return [...set, pinned, isPinned, lifted, over];
  },
  wrongIn: (plane) => boundAlone(plane, '1'),
};

/** The secret of a webhook is changed where it lies: GitLab is told, events with the new one count. */
const rotatedSecret: Scenario = {
  name: 'a webhook secret that was rotated',
  leastCalls: 100,
  async play(plane, begin) {
    plane.model.projects.set(1, 'group/app');
    plane.git.commit(nestOf({ app: {} }));
    plane.start();
    const hook = () => [...plane.model.hooks.values()][0];
    const set = [await plane.runUntil(() => hook() !== undefined, 11 * minuteMs)];
    const old = hook()?.spec.token ?? new Secret('none');
    const fresh = new Secret('a webhook secret that another process has written');
    begin();

    const written = await insist(plane, 'none', () =>
      plane.deps.secrets.write('gitlab/gitlab.com/app/webhook-secret', fresh, direct),
    );
    const isTold = () => hook()?.spec.token.reveal() === fresh.reveal();
    // In great steps: nothing but timers happens until a bind is due.
    await plane.run(5 * minuteMs, minuteMs);
    const told = await plane.runUntil(isTold, 20 * minuteMs);
    const { checkToken } = plane.engine().webhooks;
    const kindOf = async (token: Secret) =>
      (await checkToken(token.reveal(), direct).catch(() => undefined))?.kind;
    const taken = await plane.runUntil(async () => (await kindOf(fresh)) === 'known', minuteMs);
    const hasEnd = async () => (await plane.recording.rows('webhook_tokens')).some((row) => row['until']);
    const ending = await plane.runUntil(hasEnd, 11 * minuteMs);
    await plane.stop();
    await plane.clock.advance(11 * minuteMs);
    const ended = await plane.runUntil(async () => (await kindOf(old)) === 'unknown', minuteMs);
    return [...set, written, told, taken, ending, ended];
  },
  wrongIn: (plane) => boundAlone(plane, '1'),
};

/** Every scenario of which each call is made to fail once. */
export const scenarios: readonly Scenario[] = [pushToRemoved, rolledBack, rotatedSecret];

/** As a push of the Nest does; where that fails the timer finds it. */
async function pushHeard(plane: ControlPlane): Promise<void> {
  await plane
    .engine()
    .background.wakeSync(direct)
    .catch(() => undefined);
}

/** A person repeats what failed, until it is done or `code` says that it had been; the world goes on meanwhile. */
function insist(plane: ControlPlane, code: string, act: () => Promise<unknown>): Promise<number | undefined> {
  let isAsking = false;
  let isDone = false;
  const ask = async () => {
    isAsking = true;
    try {
      await act();
      isDone = true;
    } catch (error) {
      isDone = codeOf(error) === code;
    }
    isAsking = false;
  };
  return plane.runUntil(() => {
    if (!isAsking && !isDone) void ask();
    return isDone;
  }, 5 * minuteMs);
}

async function isRunning(plane: ControlPlane, commit: string): Promise<boolean> {
  const rows = await plane.recording.rows('deployments');
  return rows.some((row) => row['state'] === 'running' && row['git_commit'] === commit);
}

/** This project alone has its webhook and its registration, each once. */
function boundAlone({ model }: ControlPlane, project: string): string[] {
  const hooked = [...model.hooks.values()].map(({ projectId }) => projectId);
  const registered = [...model.registrations.values()].map(({ spec }) => spec.scopeId);
  return [
    ...(hooked.join() === project ? [] : [`hooks are left on projects ${hooked}`]),
    ...(registered.join() === project ? [] : [`registrations are left on projects ${registered}`]),
  ];
}
