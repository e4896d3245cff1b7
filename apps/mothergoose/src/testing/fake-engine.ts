import { type Caller, type Engine, rollbackErrors } from '@polar-gosling/engine';
import { defineErrors, Secret, sha256Hex } from '@polar-gosling/kernel';
import type { Page } from '@polar-gosling/ports/store';
import { aCiJob, anEgg, aPlan, aPreview, aRollback, aRun, aRunner, aToken } from './rows.ts';

/** Tokens that the fake knows. */
export const callers: Readonly<Record<string, Caller>> = {
  'read-token': { tokenId: 'read', name: 'reader', role: 'read' },
  'write-token': { tokenId: 'write', name: 'writer', role: 'write' },
  'admin-token': { tokenId: 'admin', name: 'admin', role: 'admin' },
  'other-egg-token': { tokenId: 'other', name: 'other', role: 'admin', eggs: ['other'] },
};
export const triggerToken = 'trigger-secret';
export const webhookToken = 'webhook-secret';
export const agentToken = 'agent-secret';

/** As the engine has it. */
const tokenErrors = defineErrors('TOKEN', {
  nameTaken: { message: () => 'that name is taken', http: 409, retry: 'never' },
});

export interface FakeEngine {
  readonly engine: Engine;
  /** What was called, with what it was given (signals and callers left out). */
  readonly calls: { readonly name: string; readonly given: unknown }[];
}

type Parts = { readonly [Part in keyof Engine]?: Partial<Engine[Part]> };

/** An engine that has one Egg, `my-app`, with one of everything, and notes what it is asked. */
export function createFakeEngine(parts: Parts = {}): FakeEngine {
  const calls: { name: string; given: unknown }[] = [];
  const note = (name: string, given: unknown = undefined) => calls.push({ name, given });
  const engine: Engine = {
    webhooks: { ...fakeWebhooks(note), ...parts.webhooks },
    agents: { ...fakeAgents(note), ...parts.agents },
    queries: { ...fakeQueries(note), ...parts.queries },
    commands: { ...fakeCommands(note), ...parts.commands },
    tokens: { ...fakeTokens(note), ...parts.tokens },
    tools: { ...fakeTools(note), ...parts.tools },
    previews: { ...fakePreviews(note), ...parts.previews },
    sets: { deploy: async () => ({ deploymentId: 'd1' }), ...parts.sets },
    events: { ...noEvents, ...parts.events },
    background: { ...fakeBackground(note), ...parts.background },
  };
  return { engine, calls };
}

const noEvents: Engine['events'] = {
  async *watch() {
    // Nothing happens.
  },
};

type Note = (name: string, given?: unknown) => void;

function fakeWebhooks(note: Note): Engine['webhooks'] {
  return {
    async checkToken(token) {
      note('checkToken');
      return token === webhookToken ? { kind: 'known', tokenSha256: sha256Hex(token) } : { kind: 'unknown' };
    },
    async ingest(request) {
      note('ingest', request);
      return { kind: 'accepted' };
    },
    sweepProjectsOf: async (token) => note('sweepProjectsOf', token),
  };
}

function fakeAgents(note: Note): Engine['agents'] {
  return {
    async bootstrap(request) {
      note('bootstrap', request);
      return {
        agentToken: new Secret(agentToken),
        runnerId: request.runnerId,
        eggName: 'my-app',
        pool: 'apex',
        machineHash: 'm1',
        configHash: 'c1',
        gitlab: { url: 'https://gitlab.com', token: new Secret('glrt-x'), systemId: 'r_1' },
        config: { executor: 'shell', environment: { A: 'b' }, concurrent: 1, tags: ['x'] },
        timeouts: { jobS: 3_600, drainS: 60, idlePoweroffS: 3_600, silentAcceptS: 900, maxLifeAt: 0 },
        heartbeatS: 30,
        runnerVersion: { want: '19.4.0' },
      };
    },
    async gosling(request) {
      note('gosling', request);
      return new TextEncoder().encode('the agent');
    },
    async heartbeat(request) {
      note('heartbeat', request);
      return { desired: 'run', configHash: 'c1', nextInS: 30 };
    },
  };
}

/** Another Egg's data is not there for a limited caller. */
function seen<Item>(caller: Caller, egg: string, item: Item): Item | undefined {
  return egg === 'my-app' && (caller.eggs?.includes(egg) ?? true) ? item : undefined;
}

function pageFor<Item>(caller: Caller, item: Item): Page<Item> {
  const visible = seen(caller, 'my-app', item);
  return { items: visible === undefined ? [] : [visible] };
}

function fakeQueries(note: Note): Engine['queries'] {
  return {
    eggs: async (caller) => pageFor(caller, anEgg()),
    egg: async (caller, name) => seen(caller, name, anEgg()),
    eggStatus: async (caller, name) =>
      seen(caller, name, {
        egg: anEgg(),
        latestPlan: aPlan(),
        deploymentHistory: [aPlan()],
        activeRunners: [aRunner()],
        deployment: { id: 'd1', state: 'succeeded', startedAt: 0 },
        waitingJobs: 1,
        capacity: { now: 0, starting: 1, max: 4 },
        problems: [{ code: 'FLY_E001', detail: 'Eggs/my-app/config.fly:3: no', since: 0 }],
      }),
    plans: async (caller, at) => seen(caller, at.egg, { items: [aPlan()] }),
    plan: async (caller, at) => (at.id === 'plan-1' ? seen(caller, at.egg, aPlan()) : undefined),
    planBundle: async (caller, at) => seen(caller, at.egg, new Map([['versions.tf', 'terraform {}']])),
    async runners(caller, filter) {
      note('runners', filter);
      return pageFor(caller, aRunner());
    },
    runner: async (caller, id) => (id === 'missing' ? undefined : seen(caller, 'my-app', aRunner())),
    ciJobs: async (caller) => pageFor(caller, aCiJob()),
    selfJobs: async () => ({ items: [] }),
    async why(caller, at) {
      note('why', at);
      const view = {
        job: {},
        verdict: 'waiting',
        since: 0,
        steps: [],
        candidates: [],
        blockers: [],
      } as const;
      return seen(caller, 'my-app', view);
    },
    audit: async () => ({ items: [] }),
    syncs: async () => ({ items: [] }),
    runs: async (caller, { egg }) => (egg === 'my-app' ? pageFor(caller, aRun()) : { items: [] }),
    run: async (caller, id) => (id === 'missing' ? undefined : seen(caller, 'my-app', aRun())),
    runLog: async (caller) => seen(caller, 'my-app', new TextEncoder().encode('a log\n')),
    isReadOnly: () => false,
    health: async () => ({
      live: true,
      dependencies: [{ name: 'store', ok: true, detail: 'in /secret/place' }],
      problems: [],
      nest: { commit: 'abc1234', syncedAt: 0, status: 'success', mode: 'webhook' },
    }),
  };
}

function fakeCommands(note: Note): Engine['commands'] {
  const outcome = (caller: Caller, egg: string) => (seen(caller, egg, 1) === undefined ? 'missing' : 'ok');
  return {
    sync: async (_caller, request) => note('sync', request),
    async launchRunners(caller, request) {
      note('launchRunners', request);
      return outcome(caller, request.egg);
    },
    async removeRunner(caller, request) {
      note('removeRunner', request);
      return outcome(caller, request.id === 'missing' ? 'none' : 'my-app');
    },
    redriveTask: async (_caller, id) => (id === 'dead-1' ? 'ok' : 'missing'),
    purgeTask: async (_caller, id) => (id === 'dead-1' ? 'ok' : 'missing'),
    async clearCache(_caller, kind) {
      note('clearCache', kind);
      return 3;
    },
    async setFreeze(caller, request) {
      note('setFreeze', request);
      return outcome(caller, request.egg ?? 'my-app');
    },
    async rollback(caller, request) {
      note('rollback', request);
      if (request.to === 'none') throw rollbackErrors.nothing({ egg: request.egg, why: 'it is new' });
      return seen(caller, request.egg, aRollback(request)) ?? 'missing';
    },
  };
}

function fakeTokens(note: Note): Engine['tokens'] {
  return {
    authenticate: async (token) => (Object.hasOwn(callers, token) ? callers[token] : undefined),
    async create(_caller, request) {
      note('createToken', request);
      if (request.name === 'taken') throw tokenErrors.nameTaken({});
      return { row: aToken({ name: request.name, role: request.role }), token: new Secret('shown-once') };
    },
    list: async () => [aToken(), aToken({ id: 't2' }), aToken({ id: 't3' })],
    revoke: async (_caller, id) => (id === 't1' ? 'ok' : 'missing'),
    ensureCliToken: async () => new Secret('cli'),
    ensureTriggerToken: async () => new Secret(triggerToken),
  };
}

function fakeTools(note: Note): Engine['tools'] {
  return {
    list: async () => [{ kind: 'tofu', platform: 'linux_amd64', versions: [] }],
    available: async () => ['1.12.6'],
    install: async (_caller, request) => {
      note('installTool', request);
      return 'install-1';
    },
    use: async (_caller, request) => void note('useTool', request),
    async rollback(_caller, kind) {
      note('rollbackTool', kind);
      return '1.12.5';
    },
  };
}

function fakePreviews(note: Note): Engine['previews'] {
  return {
    async preview(request) {
      note('preview', request);
      return aPreview();
    },
  };
}

function fakeBackground(note: Note): Engine['background'] {
  return {
    work: async () => note('work'),
    tick: async () => note('tick'),
    wakeSync: async () => note('wakeSync'),
    wakePrune: async () => note('wakePrune'),
    collect: async () => note('collect'),
  };
}
