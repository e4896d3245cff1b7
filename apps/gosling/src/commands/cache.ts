import type { ClearedCache } from '@polar-gosling/api-contract';
import { connect } from '../api.ts';
import type { Command } from '../cli/command.ts';
import { exitCodes } from '../exit-codes.ts';

type Kind = ClearedCache['kind'];

const whatNext: Readonly<Record<Kind, string>> = {
  providers: 'the next run fetches its providers anew',
  modules: 'the next run of each shard prepares its modules anew',
};

/** Both caches unless one is named. */
export const clearCache: Command = async (context, input) => {
  const named = (['providers', 'modules'] as const).filter((kind) => input.flag(kind));
  const kinds: readonly Kind[] = named.length === 0 ? ['providers', 'modules'] : named;
  const api = await connect(context, 'gosling cache');
  const cleared: ClearedCache[] = [];
  for (const kind of kinds) {
    cleared.push(await api.call('clearCache', { params: { kind } }, { signal: context.signal }));
  }
  if (context.flags.json) context.output.json(cleared);
  for (const { kind } of cleared) context.output.talk(`${kind} cleared; ${whatNext[kind]}`);
  return exitCodes.ok;
};
