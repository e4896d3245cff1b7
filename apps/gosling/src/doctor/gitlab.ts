import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deadline, isCoded, type Secret, silentLogger } from '@polar-gosling/kernel';
import { createGit, createGitlab } from '@polar-gosling/wiring';
import type { CliContext } from '../cli/command.ts';
import { readProxies } from '../config.ts';
import { openSecretStore } from '../secret-store.ts';
import { goslingVersion } from '../version.ts';
import { type Check, type Finding, fail, type NamedFinding, ok, skip, warn } from './check.ts';

const patienceMs = 20_000;
const soonMs = 14 * 24 * 60 * 60 * 1_000;
const nestUrlReference = 'nest/repo-url';

/** The Nest is fetched by each who reads it, with its own deploy key, into a folder that is removed again. */
export const nestCheck: Check = {
  id: 'nest',
  title: 'Nest',
  async look(context) {
    const { env } = context;
    const secrets = openSecretStore(context);
    const options = { signal: deadline(context.signal, patienceMs) };
    try {
      const url = env['GOSLING_NEST_URL'] || (await secrets.read(nestUrlReference, options))?.reveal();
      if (url === undefined) return skip('no Nest yet: gosling init stores its address');
      if (context.flags.offline && !url.startsWith('file:')) return skip('offline');
      const needsKey = !/^(https?|file):/.test(url);
      const hasTwoReaders = needsKey && env['GOSLING_UGLYFOX_GIT'] === '1';
      const fetchAs = async (reader: string): Promise<Finding> => {
        const deployKey = needsKey ? await secrets.read(`deploy-keys/${reader}-private`, options) : undefined;
        return fetchNest(context, { url, ...(deployKey ? { deployKey } : {}) }, options);
      };
      if (!hasTwoReaders) return await fetchAs('mothergoose');
      return [
        { name: 'MotherGoose', ...(await fetchAs('mothergoose')) },
        { name: 'UglyFox', ...(await fetchAs('uglyfox')) },
      ];
    } catch (error) {
      return failed(error, 'see the secret store above');
    } finally {
      await secrets.close();
    }
  },
};

async function fetchNest(
  context: CliContext,
  remote: { url: string; deployKey?: Secret },
  options: { signal: AbortSignal },
): Promise<Finding> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gosling-doctor-'));
  const branch = context.env['GOSLING_NEST_BRANCH'] || undefined;
  try {
    const head = await gitIn(folder, context).fetch({ ...remote, ...(branch ? { branch } : {}) }, options);
    return ok(`commit ${head.commit.slice(0, 8)} on ${head.branch}`);
  } catch (error) {
    return failed(error, 'see GOSLING_NEST_URL, GOSLING_NEST_BRANCH, and the deploy key in the project');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each stored API token: does its GitLab answer, has it the scope `api`, when does it end? */
export const gitlabCheck: Check = {
  id: 'gitlab',
  title: 'GitLab',
  async look(context) {
    if (context.flags.offline) return skip('offline');
    const options = { signal: deadline(context.signal, patienceMs) };
    const secrets = openSecretStore(context);
    const gitlab = openGitlab(context);
    try {
      const references = await secrets.list('gitlab/', options);
      const findings: NamedFinding[] = [];
      for (const reference of references) {
        const [, server = '', egg = ''] = /^gitlab\/([^/]+)\/([^/]+)\/api-token$/.exec(reference) ?? [];
        const token = server === '' ? undefined : await secrets.read(reference, options);
        if (token === undefined) continue;
        const url = addressOf(server.replaceAll('_', ':'), context);
        const finding = await gitlab.reader.tokenSelf({ url, token }, options).then(
          (self) => judge(self, context.clock.now()),
          (error: unknown) => failed(error, `check ${url}, and gosling secret put ${reference}`),
        );
        findings.push({ name: `API token of ${egg} on ${server.replaceAll('_', ':')}`, ...finding });
      }
      return findings.length === 0 ? skip('no API token is stored: gosling add egg asks for one') : findings;
    } catch (error) {
      return failed(error, 'see the secret store above');
    } finally {
      await gitlab.close();
      await secrets.close();
    }
  },
};

type TokenSelf = { scopes: readonly string[]; expiresAt?: number } | undefined;

function judge(self: TokenSelf, now: number): Finding {
  if (self === undefined) return ok('it answers; this kind of token does not tell its scopes');
  const scopes = `scope ${self.scopes.join(', ') || '(none)'}`;
  if (!self.scopes.includes('api'))
    return fail(scopes, 'make one with the scope api and the role Maintainer');
  if (self.expiresAt === undefined) return ok(scopes);
  const until = `until ${new Date(self.expiresAt).toISOString().slice(0, 10)}`;
  if (self.expiresAt - now > soonMs) return ok(`${scopes}, ${until}`);
  return warn(`${scopes}, ${until}`, 'renew it before it ends');
}

/** `https://host`, unless the Nest's own GitLab is that host and has another address. */
function addressOf(host: string, { env }: CliContext): string {
  const given = env['GOSLING_NEST_GITLAB_URL'];
  return given && URL.canParse(given) && new URL(given).host === host ? given : `https://${host}`;
}

function gitIn(dir: string, { clock, env, masker }: CliContext) {
  const rights = { allowFile: true, allowPrivate: true };
  return createGit({ dir, clock, logger: silentLogger, masker, ...rights, env });
}

function openGitlab({ clock, ids, env }: CliContext) {
  const { http, https, none } = readProxies(env);
  const userAgent = `gosling/${goslingVersion}`;
  const proxy = {
    ...(http === undefined ? {} : { httpProxy: http }),
    ...(https === undefined ? {} : { httpsProxy: https }),
    ...(none === undefined ? {} : { noProxy: none }),
  };
  return createGitlab({ clock, ids, logger: silentLogger, allowPrivate: true, userAgent, proxy });
}

function failed(error: unknown, fix: string): Finding {
  if (!isCoded(error)) throw error;
  return fail(error.message, fix);
}
