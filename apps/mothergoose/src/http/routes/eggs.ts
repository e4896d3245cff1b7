import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { toWireEgg, toWireEggStatus } from '../to-wire/egg.ts';
import { toWirePage } from '../to-wire/page.ts';
import { toWirePlan } from '../to-wire/plan.ts';
import { toWireRollback } from '../to-wire/rollback.ts';
import { found } from './found.ts';
import { pageRequest } from './page-request.ts';

type EggHandlers = Pick<
  Handlers,
  'listEggs' | 'getEgg' | 'eggStatus' | 'listPlans' | 'getPlan' | 'getPlanBundle' | 'rollbackEgg'
>;

export function eggHandlers({ engine: { commands, queries } }: HttpContext): EggHandlers {
  return {
    listEggs: async ({ caller, query, signal }) =>
      toWirePage(await queries.eggs(caller, pageRequest(query), { signal }), toWireEgg),
    getEgg: async ({ caller, params, signal }) =>
      toWireEgg(found(await queries.egg(caller, params.name, { signal }), 'Egg')),
    eggStatus: async ({ caller, params, signal }) =>
      toWireEggStatus(found(await queries.eggStatus(caller, params.name, { signal }), 'Egg')),
    async listPlans({ caller, params, query, signal }) {
      const at = { egg: params.name, ...pageRequest(query) };
      return toWirePage(found(await queries.plans(caller, at, { signal }), 'Egg'), toWirePlan);
    },
    async getPlan({ caller, params, signal }) {
      const at = { egg: params.name, id: params.id };
      return toWirePlan(found(await queries.plan(caller, at, { signal }), 'plan'));
    },
    async getPlanBundle({ caller, params, signal }) {
      const at = { egg: params.name, id: params.id };
      const files = found(
        await queries.planBundle(caller, at, { signal }),
        'plan, or its bundle was not kept',
      );
      return { files: Object.fromEntries(files) };
    },
    async rollbackEgg({ caller, params, body, signal }) {
      const { to, unpin, dry_run: dryRun } = body;
      const request = { egg: params.name, unpin, dryRun, ...(to === undefined ? {} : { to }) };
      const view = await commands.rollback(caller, request, { signal });
      return toWireRollback(found(view === 'missing' ? undefined : view, 'Egg'));
    },
  };
}
