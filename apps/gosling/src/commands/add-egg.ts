import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isEggName, reservedNames, serverSlug } from '@polar-gosling/domain';
import { Secret } from '@polar-gosling/kernel';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { openSecretStore } from '../secret-store.ts';
import { checkWithGitlab } from './add-egg/check-with-gitlab.ts';
import { askEgg, type EggWish } from './add-egg/egg-wish.ts';

const webhookSecretBytes = 32;

/**
 * `gosling add egg NAME`: a file and two secrets. Everything is asked and checked first, so that a refusal leaves
 * nothing half done; running it again with the same words changes nothing.
 */
export const run: Command = async (context, input) => {
  const name = input.argument('NAME');
  checkName(name);
  const root = path.resolve(context.cwd, input.text('path') ?? '.');
  await checkNest(root);
  const asked = await askEgg(context, input);
  const secrets = openSecretStore(context);
  const token = await apiToken(context, {
    secrets,
    name,
    server: asked.server,
    isPiped: input.flag('api-token-stdin'),
  });
  const wish = await checkWithGitlab(context, asked, token.value);
  const { eggFile } = await import('@polar-gosling/nest');
  const file = eggFile({ name, ...wish.file });
  const result = await writeEgg(root, file);
  await storeSecrets(context, { secrets, name, wish, token });
  if (context.flags.json) context.output.json({ name, file: file.path, result });
  else context.output.data(file.path);
  explain(context, file.path, result);
  return exitCodes.ok;
};

function checkName(name: string): void {
  if (isEggName(name)) return;
  const isReserved = reservedNames.includes(name.toLowerCase());
  throw cliErrors.usage({
    problem: isReserved ? `"${name}" is a reserved name` : `"${name}" is no name for an Egg`,
    fix: isReserved
      ? 'take another one'
      : 'use letters, digits, - and _ (at most 63, a letter or digit at both ends)',
  });
}

async function checkNest(root: string): Promise<void> {
  try {
    await readFile(path.join(root, 'UF', 'config.fly'));
  } catch (error) {
    throw cliErrors.missing(
      { what: `a Nest in ${root}`, fix: 'run gosling init there first, or pass --path' },
      { cause: error },
    );
  }
}

interface ApiToken {
  readonly value: Secret | undefined;
  /** Given now, so that it must be stored. */
  readonly isNew: boolean;
}

/** From stdin, else the one that is stored, else asked for. */
async function apiToken(
  context: CliContext,
  at: { secrets: SecretStore; name: string; server: string; isPiped: boolean },
): Promise<ApiToken> {
  const { prompter, signal, masker } = context;
  if (at.isPiped) {
    const value = await prompter.stdin('--api-token-stdin');
    masker.add(value);
    return { value, isNew: true };
  }
  const own = await at.secrets.read(tokenReference(at.server, at.name), { signal });
  const stored = own ?? (await at.secrets.read(tokenReference(at.server, 'default'), { signal }));
  if (stored !== undefined) {
    masker.add(stored);
    return { value: stored, isNew: false };
  }
  const what = `GitLab API token for ${at.server} (scope api)`;
  const value = await prompter.secret({ what, flag: '--api-token-stdin' });
  masker.add(value);
  return { value, isNew: true };
}

async function writeEgg(
  root: string,
  file: { path: string; text: string },
): Promise<'created' | 'unchanged'> {
  const target = path.join(root, file.path);
  await mkdir(path.dirname(target), { recursive: true });
  try {
    await writeFile(target, file.text, { flag: 'wx' });
    return 'created';
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    if ((await readFile(target, 'utf8')) === file.text) return 'unchanged';
    throw cliErrors.exists({ what: file.path, fix: 'edit it, or remove it first' }, { cause: error });
  }
}

async function storeSecrets(
  { signal, ids }: CliContext,
  at: { secrets: SecretStore; name: string; wish: EggWish; token: ApiToken },
): Promise<void> {
  const { secrets, name, wish, token } = at;
  const webhook = `gitlab/${serverSlug(wish.server)}/${name}/webhook-secret`;
  await secrets.writeIfAbsent(webhook, new Secret(ids.token(webhookSecretBytes)), { signal });
  if (token.isNew && token.value !== undefined) {
    await secrets.write(tokenReference(wish.server, name), token.value, { signal });
  }
}

function tokenReference(server: string, name: string): string {
  return `gitlab/${serverSlug(server)}/${name}/api-token`;
}

function explain({ output }: CliContext, file: string, result: 'created' | 'unchanged'): void {
  output.talk(
    result === 'created' ? `${file} written; secrets are in the secret store` : `${file} is as it should be`,
  );
  output.talk(`Next: gosling validate && git add ${file} && git commit -m "Add Egg" && git push`);
}
