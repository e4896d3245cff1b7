import type { CloudProvider } from '@polar-gosling/domain';
import type { EggFileOptions } from '@polar-gosling/nest';
import type { CliContext, CommandInput } from '../../cli/command.ts';
import { cliErrors } from '../../cli-errors.ts';

/** What the person wants of an Egg: from flags, and from questions for what is missing. */
export interface EggWish {
  readonly server: string;
  /** Base URL of the server. */
  readonly url: string;
  readonly caFile: string | undefined;
  readonly target: { readonly kind: 'project' | 'group'; readonly id: string };
  readonly file: Omit<EggFileOptions, 'name'>;
}

const clouds: readonly CloudProvider[] = ['local', 'aws', 'yandex'];
const types = ['vm', 'serverless', 'auto'] as const;

/** What holds for a whole pool, whichever projects it is for. */
export interface PoolWish {
  readonly server: string;
  readonly url: string;
  readonly caFile: string | undefined;
  readonly gitlab: { readonly server: string; readonly url?: string };
  readonly file: Omit<EggFileOptions, 'name' | 'gitlab'>;
}

export async function askEgg(context: CliContext, input: CommandInput): Promise<EggWish> {
  const pool = askPool(input);
  return withTargetId(wishOf(pool, await askTarget(context, input)));
}

export function askPool(input: CommandInput): PoolWish {
  const server = (input.text('gitlab-server') ?? 'gitlab.com').toLowerCase();
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/.test(server)) {
    throw cliErrors.usage({
      problem: `--gitlab-server "${server}" is no host name`,
      fix: 'write it like gitlab.example.com, and its address as --gitlab-url',
    });
  }
  const url = input.text('gitlab-url');
  if (url !== undefined && !/^https?:\/\/[^\s/]+(\/[^\s?#]*)?$/.test(url)) {
    throw cliErrors.usage({ problem: `--gitlab-url "${url}" is no http(s) address` });
  }
  return {
    server,
    url: (url ?? `https://${server}`).replace(/\/+$/, ''),
    caFile: input.text('gitlab-ca-file'),
    gitlab: { server, ...(url === undefined ? {} : { url }) },
    file: {
      type: types.find((type) => type === input.text('type')) ?? 'vm',
      ...cloudOf(input),
      ...(input.texts('tag').length > 0 ? { tags: input.texts('tag') } : {}),
      concurrent: concurrentOf(input),
    },
  };
}

/** The pool for one project or group; its number may not be known yet. */
export function wishOf({ gitlab, file, ...pool }: PoolWish, target: EggWish['target']): EggWish {
  return { ...pool, target, file: { ...file, gitlab: { ...gitlab, projectId: 0 } } };
}

/** The same wish with its number in the file, where the number is known. */
export function withTargetId(wish: EggWish, id: number = Number(wish.target.id)): EggWish {
  const { projectId: _project, groupId: _group, ...rest } = { groupId: 0, projectId: 0, ...wish.file.gitlab };
  const caFile = wish.caFile === undefined ? {} : { caFile: wish.caFile };
  const gitlab = {
    ...rest,
    ...caFile,
    ...(wish.target.kind === 'group' ? { groupId: id } : { projectId: id }),
  };
  return { ...wish, file: { ...wish.file, gitlab } };
}

async function askTarget({ prompter }: CliContext, input: CommandInput): Promise<EggWish['target']> {
  const project = input.text('gitlab-project-id');
  const group = input.text('gitlab-group-id');
  if (project !== undefined && group !== undefined) {
    throw cliErrors.usage({
      problem: 'an Egg is for a project or for a group',
      fix: 'pass one of the two ids',
    });
  }
  if (group !== undefined) return { kind: 'group', id: checkId(group, /^[1-9]\d*$/, '--gitlab-group-id') };
  const flag = '--gitlab-project-id';
  const id = project ?? (await prompter.text({ what: 'GitLab project (its id or path)', flag }));
  return { kind: 'project', id: checkId(id.trim(), /^([1-9]\d*|[\w.-]+(\/[\w.-]+)+)$/, flag) };
}

export function checkId(id: string, form: RegExp, flag: string): string {
  if (form.test(id) && !(Number(id) > Number.MAX_SAFE_INTEGER)) return id;
  throw cliErrors.usage({
    problem: `${flag} "${id}" is no id`,
    fix: "it is a number, shown on the project's page",
  });
}

function cloudOf(input: CommandInput): Pick<EggFileOptions, 'cloud'> {
  const provider = clouds.find((cloud) => cloud === input.text('cloud'));
  const region = input.text('region');
  if (provider === undefined) {
    if (region === undefined) return {};
    throw cliErrors.usage({ problem: '--region belongs to a cloud', fix: 'pass --cloud too' });
  }
  return { cloud: { provider, ...(region === undefined ? {} : { region }) } };
}

function concurrentOf(input: CommandInput): number {
  const concurrent = Number(input.text('concurrent') ?? '1');
  if (Number.isInteger(concurrent) && concurrent >= 1 && concurrent <= 1_000) return concurrent;
  throw cliErrors.usage({ problem: '--concurrent is a number from 1 to 1000' });
}
