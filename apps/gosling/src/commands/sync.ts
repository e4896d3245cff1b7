import { connect } from '../api.ts';
import type { Command } from '../cli/command.ts';
import { exitCodes } from '../exit-codes.ts';

/** `gosling sync [--confirm COMMIT]`: now, or lets a held commit through. */
export const run: Command = async (context, input) => {
  const confirm = input.text('confirm');
  const api = await connect(context, 'gosling sync');
  const body = confirm === undefined ? {} : { confirm };
  await api.call('requestSync', { body }, { signal: context.signal });
  const what = confirm === undefined ? 'sync asked for' : `commit ${confirm} confirmed, sync asked for`;
  if (context.flags.json) context.output.json({ status: 'accepted' });
  context.output.talk(`${what}; gosling status shows the result`);
  return exitCodes.ok;
};
