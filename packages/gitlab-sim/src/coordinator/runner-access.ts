import { isObject } from '../http/fields.ts';
import type { Call } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import type { Runner, RunnerManager } from '../state/runner.ts';

const systemIdShape = /^[sr]_[0-9a-zA-Z]{12}$/;

/** The runner of a `glrt-` token in body, query or header; `undefined` for an unknown or expired one. */
export function runnerOfToken(context: SimContext, call: Call): Runner | undefined {
  const header = call.headers['runner-token'];
  const token = call.body.text('token') ?? call.query.text('token') ?? header;
  const runner = [...context.world.runners.values()].find((one) => one.token === token);
  const expiresAtMs = runner?.tokenExpiresAtMs;
  return expiresAtMs !== undefined && expiresAtMs <= context.clock.now() ? undefined : runner;
}

/** Notes a contact; the first one of a `system_id` makes a manager. `undefined` for an impossible id. */
export function recordContact(context: SimContext, runner: Runner, call: Call): RunnerManager | undefined {
  const systemId = call.body.text('system_id') ?? '';
  if (!systemIdShape.test(systemId)) return undefined;
  const nowMs = context.clock.now();
  const manager =
    [...context.world.managers.values()].find(
      (one) => one.runnerId === runner.id && one.systemId === systemId,
    ) ?? newManager(context, { runnerId: runner.id, systemId, nowMs });
  const info = call.body.object('info') ?? {};
  const word = (name: string) => (typeof info[name] === 'string' ? info[name] : undefined);
  manager.version = word('version') ?? manager.version;
  manager.revision = word('revision') ?? manager.revision;
  manager.platform = word('platform') ?? manager.platform;
  manager.architecture = word('architecture') ?? manager.architecture;
  manager.ipAddress = call.remoteAddress;
  manager.contactedAtMs = nowMs;
  runner.contactedAtMs = nowMs;
  return manager;
}

/** Does the runner say in `info.features` that it can do this? */
export function hasFeature(call: Call, name: string): boolean {
  const features = call.body.object('info')?.['features'];
  return isObject(features) && features[name] === true;
}

function newManager(
  context: SimContext,
  facts: { runnerId: number; systemId: string; nowMs: number },
): RunnerManager {
  const manager: RunnerManager = {
    id: context.world.nextId('manager'),
    runnerId: facts.runnerId,
    systemId: facts.systemId,
    createdAtMs: facts.nowMs,
    version: undefined,
    revision: undefined,
    platform: undefined,
    architecture: undefined,
    ipAddress: undefined,
    contactedAtMs: facts.nowMs,
  };
  context.world.managers.set(manager.id, manager);
  return manager;
}
