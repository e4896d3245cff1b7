import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CloudProvider } from '@polar-gosling/domain';
import { codeOf, Secret } from '@polar-gosling/kernel';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { askGit } from '../run-git.ts';
import { withSecretStore } from '../secret-store.ts';

interface InitResult {
  readonly path: string;
  readonly created: readonly string[];
  readonly kept: readonly string[];
  readonly remote: string | undefined;
  readonly branch: string | undefined;
  readonly newKeys: readonly string[];
}

const folders = ['Eggs', 'Jobs', 'UF', 'MG'];
const keyOwners = ['mothergoose', 'uglyfox', 'selfjobs'];
const clouds: readonly CloudProvider[] = ['local', 'aws', 'yandex'];

/** `gosling init`: tree, keys, address of the Nest. Running it again changes nothing that is there. */
export const run: Command = async (context, input) => {
  const root = path.resolve(context.cwd, input.text('path') ?? '.');
  checkBackend(input);
  await mkdir(root, { recursive: true });
  await ensureRepository(context, input, root);
  const { signal } = context;
  const tree = await writeTree(root, cloudOf(input));
  const remote = await askGit(root, ['remote', 'get-url', 'origin'], signal);
  const branch = await askGit(root, ['symbolic-ref', '--short', 'HEAD'], signal);
  const newKeys = await storeSecrets(context, remote);
  const result = { path: root, ...tree, remote, branch, newKeys };
  if (context.flags.json) {
    const { newKeys: deploy_keys_made, remote: address, ...rest } = result;
    context.output.json({ ...rest, remote: address && context.masker.mask(address), deploy_keys_made });
  }
  explain(context, result);
  return exitCodes.ok;
};

function cloudOf(input: CommandInput): CloudProvider {
  return clouds.find((cloud) => cloud === input.text('cloud')) ?? 'local';
}

function checkBackend(input: CommandInput): void {
  const backend = input.text('secret-backend') ?? '';
  if (/^local(:\/\/)?$/.test(backend)) return;
  throw cliErrors.usage({
    problem: `there is no secret backend "${backend}" in this release`,
    fix: 'leave --secret-backend out: the encrypted local file is used',
  });
}

async function ensureRepository(context: CliContext, input: CommandInput, root: string): Promise<void> {
  const { signal, output, prompter } = context;
  const top = await askGit(root, ['rev-parse', '--show-toplevel'], signal);
  if (top !== undefined) {
    const isInside = (await askGit(root, ['rev-parse', '--show-prefix'], signal)) !== '';
    if (isInside) output.talk(`note: ${root} lies inside the repository ${top}; a Nest has one of its own`);
    return;
  }
  const mayInit =
    input.flag('git-init') ||
    (await prompter.confirm({ what: `${root} is no Git repository. Run git init?`, flag: '--git-init' }));
  if (!mayInit)
    throw cliErrors.usage({ problem: 'a Nest is a Git repository', fix: `run git init in ${root}` });
  const made = await askGit(root, ['init', '--quiet', '--initial-branch=main'], signal);
  if (made === undefined) throw cliErrors.refused({ what: 'git init failed', reason: `in ${root}` });
}

async function writeTree(
  root: string,
  cloud: CloudProvider,
): Promise<{ created: readonly string[]; kept: readonly string[] }> {
  const { nestTree } = await import('@polar-gosling/nest');
  const created: string[] = [];
  const kept: string[] = [];
  for (const folder of folders) await mkdir(path.join(root, folder), { recursive: true });
  for (const file of nestTree({ cloud })) {
    const isNew = await writeIfAbsent(path.join(root, file.path), file.text);
    (isNew ? created : kept).push(file.path);
  }
  return { created, kept };
}

async function writeIfAbsent(file: string, text: string): Promise<boolean> {
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The public half first: a private one that is there always has its other half. */
async function storeSecrets(context: CliContext, remote: string | undefined): Promise<readonly string[]> {
  const { createDeployKeys } = await import('@polar-gosling/wiring');
  const { signal } = context;
  return withSecretStore(context, async (secrets) => {
    const made: string[] = [];
    for (const owner of keyOwners) {
      const reference = `deploy-keys/${owner}`;
      if ((await secrets.read(`${reference}-private`, { signal })) !== undefined) continue;
      const keys = createDeployKeys({ comment: `polar-gosling-${owner}` });
      await secrets.write(`${reference}-public`, new Secret(keys.publicKey), { signal });
      await secrets.write(`${reference}-private`, keys.privateKey, { signal });
      made.push(owner);
    }
    if (remote !== undefined) await secrets.write('nest/repo-url', new Secret(remote), { signal });
    return made;
  });
}

function explain({ output, masker }: CliContext, result: InitResult): void {
  const { created, kept, remote, branch, newKeys } = result;
  const say = output.talk;
  say(`Nest at ${result.path}: ${created.length} files made, ${kept.length} were there`);
  say(newKeys.length > 0 ? `deploy keys made: ${newKeys.join(', ')}` : 'deploy keys were there');
  say('');
  say('Next:');
  if (remote === undefined) {
    say('  git remote add origin ADDRESS && gosling init   # then the address of the Nest is known');
  } else {
    say(`  # the Nest is ${masker.mask(remote)}`);
  }
  say(
    '  gosling secret explain deploy-keys/mothergoose-public   # add it to the deploy keys of the Nest (read only)',
  );
  say('  gosling add egg my-app --gitlab-project-id 12345');
  say(`  git add . && git commit -m "Initialize Nest repository" && git push origin ${branch ?? 'main'}`);
  say('  gosling up');
}
