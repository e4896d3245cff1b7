import path from 'node:path';
import { bucketFile, type GitLabTarget, placeRepos, repoBlock } from '@polar-gosling/nest';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { withSecretStore } from '../secret-store.ts';
import { apiToken, storeSecrets } from './add/api-token.ts';
import {
  applyPlacing,
  checkIsFree,
  checkName,
  openNest,
  sayWritten,
  textOf,
  type WriteResult,
  writeBlock,
} from './add/write-block.ts';
import { checkWithGitlab } from './add-egg/check-with-gitlab.ts';
import { askPool, checkId, type EggWish, type PoolWish, wishOf, withTargetId } from './add-egg/egg-wish.ts';

/**
 * `gosling add bucket NAME`: one pool of runners for several projects and groups. Run again with others, it adds those
 * to the bucket and leaves the rest of the file as it is.
 */
export const run: Command = (context, input) =>
  withSecretStore(context, (secrets) => addBucket(context, input, secrets));

async function addBucket(context: CliContext, input: CommandInput, secrets: SecretStore): Promise<ExitCode> {
  const name = input.argument('NAME');
  checkName(name, 'an EggsBucket');
  const { root, files } = await openNest(context.cwd, input.text('path') ?? '.');
  const pool = askPool(input);
  const targets = await askTargets(context, input);
  const at = { secrets, name, server: pool.server };
  const token = await apiToken(context, { ...at, isPiped: input.flag('api-token-stdin') });
  const wishes: EggWish[] = [];
  for (const target of targets) {
    const wish = withTargetId(wishOf(pool, target));
    wishes.push(await checkWithGitlab(context, wish, token.value));
  }
  const repos = wishes.map(({ file }) => file.gitlab);
  const file = bucketFile({ name, ...pool.file, repos }).path;
  checkIsFree(files, { kind: 'eggsbucket', name, file });
  const result = await write(root, { name, pool, repos });
  await storeSecrets(context, { ...at, token });
  if (context.flags.json) context.output.json({ name, file, result });
  else context.output.data(file);
  sayWritten(context.output, file, result);
  context.output.talk(
    `Next: gosling validate && git add ${file} && git commit -m "Add EggsBucket" && git push`,
  );
  return exitCodes.ok;
}

/** A bucket that is there gets the projects and groups it lacks; a new one is written whole. */
async function write(
  root: string,
  { name, pool, repos }: { name: string; pool: PoolWish; repos: readonly GitLabTarget[] },
): Promise<WriteResult> {
  const { path: file, text: block } = bucketFile({ name, ...pool.file, repos });
  const standing = await textOf(path.join(root, file));
  const placing = standing && placeRepos(standing, name, repos.map(repoBlock));
  if (placing && placing.kind !== 'different') return await applyPlacing(root, { file, standing }, placing);
  return await writeBlock(root, file, { kind: 'eggsbucket', name, block });
}

async function askTargets({ prompter }: CliContext, input: CommandInput): Promise<EggWish['target'][]> {
  const number = /^[1-9]\d*$/;
  const flag = '--gitlab-project-id';
  const projects = input.texts('gitlab-project-id');
  const groups = input.texts('gitlab-group-id').map((id) => ({
    kind: 'group' as const,
    id: checkId(id, number, '--gitlab-group-id'),
  }));
  const isAsked = projects.length === 0 && groups.length === 0;
  const asked = isAsked
    ? await prompter.text({ what: 'GitLab projects (their ids, commas between)', flag })
    : '';
  const ids = isAsked ? asked.split(',').map((id) => id.trim()) : projects;
  const all = [...ids.map((id) => ({ kind: 'project' as const, id: checkId(id, number, flag) })), ...groups];
  const names = all.map(({ kind, id }) => `${kind} ${id}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return all;
  throw cliErrors.usage({ problem: `${twice} is named twice`, fix: 'name each once' });
}
