import { connect } from '../api.ts';
import type { Command } from '../cli/command.ts';
import { exitCodes } from '../exit-codes.ts';

/** No launches and no kills, everywhere or of one Egg. */
export const freeze: Command = async (context, input) => {
  const { signal, output, prompter } = context;
  const egg = input.text('egg');
  const why =
    input.text('why') ?? (await prompter.text({ what: 'why? (others will read it)', flag: '--why TEXT' }));
  const api = await connect(context, 'gosling freeze');
  if (egg === undefined) await api.call('freezeAll', { body: { why } }, { signal });
  else await api.call('freezeEgg', { params: { egg }, body: { why } }, { signal });
  output.talk(
    `${egg ?? 'everything'} is frozen; gosling unfreeze${egg === undefined ? '' : ` --egg ${egg}`} lifts it`,
  );
  return exitCodes.ok;
};

export const unfreeze: Command = async (context, input) => {
  const { signal, output } = context;
  const egg = input.text('egg');
  const api = await connect(context, 'gosling unfreeze');
  if (egg === undefined) await api.call('unfreezeAll', {}, { signal });
  else await api.call('unfreezeEgg', { params: { egg } }, { signal });
  output.talk(`${egg ?? 'everything'} runs again`);
  return exitCodes.ok;
};
