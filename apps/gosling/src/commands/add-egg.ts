import type { SecretStore } from '@polar-gosling/ports/secrets';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { withSecretStore } from '../secret-store.ts';
import { apiToken, storeSecrets } from './add/api-token.ts';
import { checkIsFree, checkName, openNest, sayWritten, writeBlock } from './add/write-block.ts';
import { checkWithGitlab } from './add-egg/check-with-gitlab.ts';
import { askEgg } from './add-egg/egg-wish.ts';

/**
 * `gosling add egg NAME`: a block in a file and two secrets. Everything is asked and checked first, so that a refusal
 * leaves nothing half done; running it again with the same words changes nothing.
 */
export const run: Command = (context, input) =>
  withSecretStore(context, (secrets) => addEgg(context, input, secrets));

async function addEgg(context: CliContext, input: CommandInput, secrets: SecretStore): Promise<ExitCode> {
  const name = input.argument('NAME');
  checkName(name, 'an Egg');
  const { root, files } = await openNest(context.cwd, input.text('path') ?? '.');
  const asked = await askEgg(context, input);
  const at = { secrets, name, server: asked.server };
  const token = await apiToken(context, { ...at, isPiped: input.flag('api-token-stdin') });
  const wish = await checkWithGitlab(context, asked, token.value);
  const { eggFile } = await import('@polar-gosling/nest');
  const { path: file, text: block } = eggFile({ name, ...wish.file });
  checkIsFree(files, { kind: 'egg', name, file });
  const result = await writeBlock(root, file, { kind: 'egg', name, block });
  await storeSecrets(context, { ...at, token });
  if (context.flags.json) context.output.json({ name, file, result });
  else context.output.data(file);
  sayWritten(context.output, file, result);
  context.output.talk(`Next: gosling validate && git add ${file} && git commit -m "Add Egg" && git push`);
  return exitCodes.ok;
}
