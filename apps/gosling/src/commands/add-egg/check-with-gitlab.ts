import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Secret, silentLogger } from '@polar-gosling/kernel';
import { createGitlab } from '@polar-gosling/wiring';
import type { CliContext } from '../../cli/command.ts';
import { cliErrors } from '../../cli-errors.ts';
import { readProxies } from '../../config.ts';
import { goslingVersion } from '../../version.ts';
import { type EggWish, withTargetId } from './egg-wish.ts';

/**
 * Asks GitLab whether the token may do what MotherGoose needs and whether the project or group is there for it;
 * answers the wish with the project's number. Offline nothing is asked.
 */
export async function checkWithGitlab(
  context: CliContext,
  wish: EggWish,
  token: Secret | undefined,
): Promise<EggWish> {
  const isNumber = /^\d+$/.test(wish.target.id);
  if (context.flags.offline || token === undefined) {
    if (isNumber) return wish;
    throw cliErrors.offline({ what: `finding the number of ${wish.target.id}` });
  }
  const gitlab = openGitlab(context);
  try {
    const { signal } = context;
    const target = { url: wish.url, token, ...(await caPemOf(context, wish)) };
    const self = await gitlab.reader.tokenSelf(target, { signal });
    if (self !== undefined && !self.scopes.includes('api')) {
      throw cliErrors.forbidden({
        what: `the API token has the scope ${self.scopes.join(', ') || '(none)'}`,
        fix: `make one with the scope api and the role Maintainer on ${wish.url}`,
      });
    }
    return withTargetId(wish, await targetId(gitlab, { target, wish }, signal));
  } finally {
    await gitlab.close();
  }
}

type Gitlab = ReturnType<typeof createGitlab>;

async function targetId(
  gitlab: Gitlab,
  at: { target: { url: string; token: Secret; caPem?: string }; wish: EggWish },
  signal: AbortSignal,
): Promise<number> {
  const { kind, id } = at.wish.target;
  const fix = `check the ${kind} and that the token's user is a member of it`;
  if (kind === 'group') {
    const projects = await gitlab.reader.groupProjects(at.target, Number(id), { signal });
    if (projects === undefined) throw cliErrors.missing({ what: `the group ${id} on ${at.wish.url}`, fix });
    return Number(id);
  }
  const wanted = /^\d+$/.test(id) ? Number(id) : id;
  const project = await gitlab.reader.project(at.target, wanted, { signal });
  if (project === undefined) throw cliErrors.missing({ what: `the project ${id} on ${at.wish.url}`, fix });
  return project.id;
}

function openGitlab({ clock, ids, env }: CliContext): Gitlab {
  const { http, https, none } = readProxies(env);
  return createGitlab({
    clock,
    ids,
    logger: silentLogger,
    // The person at the keyboard named this server; it may well stand in a private network.
    allowPrivate: true,
    userAgent: `gosling/${goslingVersion}`,
    proxy: {
      ...(http === undefined ? {} : { httpProxy: http }),
      ...(https === undefined ? {} : { httpsProxy: https }),
      ...(none === undefined ? {} : { noProxy: none }),
    },
  });
}

async function caPemOf({ cwd }: CliContext, { caFile }: EggWish): Promise<{ caPem?: string }> {
  if (caFile === undefined) return {};
  try {
    return { caPem: await readFile(path.resolve(cwd, caFile), 'utf8') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw cliErrors.unreadable({ path: caFile, reason }, { cause: error });
  }
}
