import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { toWirePage } from '../to-wire/page.ts';
import { toWireRunner } from '../to-wire/runner.ts';
import { found, foundOrMissing } from './found.ts';
import { pageRequest } from './page-request.ts';

type RunnerHandlers = Pick<Handlers, 'listRunners' | 'getRunner' | 'launchRunners' | 'removeRunner'>;

export function runnerHandlers({ engine: { queries, commands } }: HttpContext): RunnerHandlers {
  return {
    async listRunners({ caller, query, signal }) {
      const { egg, state, pool } = query;
      const filter = {
        ...pageRequest(query),
        ...(egg === undefined ? undefined : { egg }),
        ...(state === undefined ? undefined : { state }),
        ...(pool === undefined ? undefined : { pool }),
      };
      return toWirePage(await queries.runners(caller, filter, { signal }), toWireRunner);
    },
    getRunner: async ({ caller, params, signal }) =>
      toWireRunner(found(await queries.runner(caller, params.id, { signal }), 'runner')),
    async launchRunners({ caller, body, signal }) {
      const request = { egg: body.egg_name, count: body.count ?? 1 };
      foundOrMissing(await commands.launchRunners(caller, request, { signal }), 'Egg');
      return { status: 'accepted' };
    },
    async removeRunner({ caller, params, query, signal }) {
      const request = { id: params.id, force: query.force ?? false };
      foundOrMissing(await commands.removeRunner(caller, request, { signal }), 'runner');
      return { status: 'accepted' };
    },
  };
}
