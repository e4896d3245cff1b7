import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { toWirePage } from '../to-wire/page.ts';
import { toWireAudit, toWireSync } from '../to-wire/records.ts';
import { foundOrMissing } from './found.ts';
import { pageRequest } from './page-request.ts';

type OperationHandlers = Pick<
  Handlers,
  'requestSync' | 'listSyncs' | 'freezeAll' | 'unfreezeAll' | 'freezeEgg' | 'unfreezeEgg' | 'listAudit'
>;

/** The operator's switches, and what was done. */
export function operationHandlers({ engine: { commands, queries } }: HttpContext): OperationHandlers {
  const setFreeze = async (
    call: { caller: Parameters<typeof commands.setFreeze>[0]; signal: AbortSignal },
    request: Parameters<typeof commands.setFreeze>[1],
  ): Promise<undefined> => {
    const outcome = await commands.setFreeze(call.caller, request, { signal: call.signal });
    foundOrMissing(outcome, request.egg === undefined ? 'freeze' : 'Egg');
  };

  return {
    async requestSync({ caller, body, signal }) {
      await commands.sync(caller, body.confirm === undefined ? {} : { confirm: body.confirm }, { signal });
      return { status: 'accepted' };
    },
    listSyncs: async ({ caller, query, signal }) =>
      toWirePage(await queries.syncs(caller, pageRequest(query), { signal }), toWireSync),
    freezeAll: (call) => setFreeze(call, { on: true, why: call.body.why }),
    unfreezeAll: (call) => setFreeze(call, { on: false, why: liftedBy(call.caller) }),
    freezeEgg: (call) => setFreeze(call, { egg: call.params.egg, on: true, why: call.body.why }),
    unfreezeEgg: (call) => setFreeze(call, { egg: call.params.egg, on: false, why: liftedBy(call.caller) }),
    async listAudit({ caller, query, signal }) {
      const { resource } = query;
      const filter = { ...pageRequest(query), ...(resource === undefined ? undefined : { resource }) };
      return toWirePage(await queries.audit(caller, filter, { signal }), toWireAudit);
    },
  };
}

function liftedBy(caller: { readonly name: string }): string {
  return `lifted by ${caller.name}`;
}
