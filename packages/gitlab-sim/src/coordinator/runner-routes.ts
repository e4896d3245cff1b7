import { object, required, text } from '../http/fields.ts';
import { noContent, ok, type Reply, type Route } from '../http/route.ts';
import { newRunnerToken } from '../rest/create-runner-route.ts';
import { isoOrNull } from '../rest/entities.ts';
import { removeRunner } from '../rest/runner-routes.ts';
import type { SimContext } from '../sim-context.ts';
import { recordContact, runnerOfToken } from './runner-access.ts';

export const forbidden: Reply = { status: 403, body: { message: '403 Forbidden' } };

/** What a runner does with its own token: verify, renew it, take itself off. */
export function runnerSelfRoutes(context: SimContext): Route[] {
  const { world } = context;
  return [
    {
      method: 'POST',
      path: '/runners/verify',
      auth: 'open',
      body: { token: required(text), system_id: text, info: object },
      handle: (call) => {
        const runner = runnerOfToken(context, call);
        if (runner === undefined) return forbidden;
        if (recordContact(context, runner, call) === undefined) return badSystemId;
        return ok({
          id: runner.id,
          token: runner.token,
          token_expires_at: isoOrNull(runner.tokenExpiresAtMs),
        });
      },
    },
    {
      method: 'POST',
      path: '/runners/reset_authentication_token',
      auth: 'open',
      body: { token: required(text) },
      handle: (call) => {
        const runner = runnerOfToken(context, call);
        if (runner === undefined) return forbidden;
        runner.token = newRunnerToken(context, runner.scope);
        return {
          status: 201,
          body: { token: runner.token, token_expires_at: isoOrNull(runner.tokenExpiresAtMs) },
        };
      },
    },
    {
      method: 'DELETE',
      path: '/runners',
      auth: 'open',
      query: { token: text },
      body: { token: text },
      handle: (call) => {
        const runner = runnerOfToken(context, call);
        if (runner === undefined) return forbidden;
        removeRunner(context, runner.id);
        return noContent;
      },
    },
    {
      method: 'DELETE',
      path: '/runners/managers',
      auth: 'open',
      query: { token: text, system_id: text },
      body: { token: text, system_id: text },
      handle: (call) => {
        const runner = runnerOfToken(context, call);
        if (runner === undefined) return forbidden;
        const systemId = call.body.text('system_id') ?? call.query.text('system_id');
        const manager = [...world.managers.values()].find(
          (one) => one.runnerId === runner.id && one.systemId === systemId,
        );
        if (manager === undefined) return { status: 404, body: { message: '404 Runner Manager Not Found' } };
        world.managers.delete(manager.id);
        return noContent;
      },
    },
    {
      method: 'GET',
      path: '/runners/router/discovery',
      auth: 'open',
      handle: () => ({ status: 501, body: { message: '501 Not Implemented' } }),
    },
  ];
}

export const badSystemId: Reply = { status: 400, body: { message: 'system_id is invalid' } };
