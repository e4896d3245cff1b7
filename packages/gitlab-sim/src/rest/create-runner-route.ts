import { apiErrors } from '../errors.ts';
import { type FieldValues, integer, oneOf, required, text } from '../http/fields.ts';
import { created, type Route } from '../http/route.ts';
import type { SimContext } from '../sim-context.ts';
import type { Caller } from '../state/accounts.ts';
import { groupFor, projectFor } from '../state/lookup.ts';
import { type Runner, type RunnerScope, runnerTypes } from '../state/runner.ts';
import { isoOrNull } from './entities.ts';
import { applyRunnerFields, runnerFields } from './runner-fields.ts';

const minLifeMs = 5 * 60_000;
const maxLifeMs = 15 * 24 * 3_600_000;

/** `POST /user/runners`: the only way to get a runner's token, shown once. */
export function createRunnerRoute(context: SimContext): Route {
  return {
    method: 'POST',
    path: '/user/runners',
    auth: 'user',
    scopes: ['create_runner'],
    body: {
      ...runnerFields,
      runner_type: required(oneOf(runnerTypes)),
      group_id: integer,
      project_id: integer,
      token_expires_at: text,
      token_rotation_deadline: text,
    },
    handle: ({ caller, body }) => {
      const scope = runnerTypes.find((type) => type === body.text('runner_type')) ?? 'instance_type';
      const owner = ownerOf(context, caller, { scope, body });
      const runner: Runner = {
        id: context.world.nextId('runner'),
        scope,
        groupId: owner.groupId,
        projectIds: new Set(owner.projectId === undefined ? [] : [owner.projectId]),
        createdAtMs: context.clock.now(),
        createdBy: caller.user.id,
        token: newRunnerToken(context, scope),
        tokenExpiresAtMs: readExpiry(context, body),
        description: '',
        isPaused: false,
        isLocked: scope === 'project_type',
        runsUntagged: false,
        accessLevel: 'not_protected',
        tags: [],
        maximumTimeout: undefined,
        maintenanceNote: undefined,
        contactedAtMs: undefined,
      };
      applyRunnerFields(runner, body);
      context.world.runners.set(runner.id, runner);
      return created({
        id: runner.id,
        token: runner.token,
        token_expires_at: isoOrNull(runner.tokenExpiresAtMs),
      });
    },
  };
}

/** A routable `glrt-` token; clients must not count its letters. */
export function newRunnerToken(context: SimContext, scope: RunnerScope): string {
  return `glrt-t${runnerTypes.indexOf(scope) + 1}_${context.ids.token(20)}`;
}

/** Whom the runner will serve. Needs an administrator, or the owner of the group or project. */
function ownerOf(
  context: SimContext,
  caller: Caller,
  wanted: { scope: RunnerScope; body: FieldValues },
): { groupId: number | undefined; projectId: number | undefined } {
  const groupId = wanted.body.integer('group_id');
  const projectId = wanted.body.integer('project_id');
  const expected = { instance_type: '', group_type: 'group_id', project_type: 'project_id' }[wanted.scope];
  for (const name of ['group_id', 'project_id']) {
    if (wanted.body.has(name) !== (name === expected)) {
      const problem = name === expected ? 'is missing' : `does not belong to ${wanted.scope}`;
      throw apiErrors.badRequest({ text: `${name} ${problem}` });
    }
  }
  if (wanted.scope === 'instance_type' && !caller.user.isAdmin) throw apiErrors.forbidden({});
  const allowed = { role: 'owner' } as const;
  if (groupId !== undefined) groupFor(context.world, caller, { id: String(groupId), ...allowed });
  if (projectId !== undefined) projectFor(context.world, caller, { id: String(projectId), ...allowed });
  return { groupId, projectId };
}

function readExpiry(context: SimContext, body: FieldValues): number | undefined {
  const iso = body.text('token_expires_at');
  if (iso === undefined) {
    if (body.has('token_rotation_deadline')) {
      throw apiErrors.badRequest({ text: 'token_rotation_deadline needs token_expires_at' });
    }
    return undefined;
  }
  const aheadMs = Date.parse(iso) - context.clock.now();
  if (!(aheadMs >= minLifeMs && aheadMs <= maxLifeMs)) {
    throw apiErrors.badRequest({ text: 'token_expires_at must be between 5 minutes and 15 days ahead' });
  }
  return Date.parse(iso);
}
