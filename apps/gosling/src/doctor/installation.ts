import { access, constants, stat } from 'node:fs/promises';
import type { Environment } from '../config.ts';
import { findOnPath } from '../find-on-path.ts';
import { readVersionLine } from '../read-version.ts';
import { type Check, type Finding, fail, ok, skip, warn } from './check.ts';

const othersBits = 0o077;
const jobUser = 'gosling-job';

export const configCheck: Check = {
  id: 'config',
  title: 'configuration',
  async look({ configProblems, env }) {
    const { readConfig } = await import('@polar-gosling/mothergoose');
    const reading = readConfig(env);
    const problems =
      reading.kind === 'ok' ? [] : reading.problems.map(({ name, message }) => `${name}: ${message}`);
    const all = [...new Set([...configProblems, ...problems])];
    if (all.length > 0) return fail(all.join('; '), 'correct or unset these variables');
    const set = Object.keys(env).filter((name) => name.startsWith('GOSLING_')).length;
    return ok(set === 0 ? 'defaults only' : `${set} variables set, all understood`);
  },
};

export const dataDirCheck: Check = {
  id: 'data-dir',
  title: 'data directory',
  async look({ config }) {
    const { dataDir } = config;
    const found = await stat(dataDir).catch(() => undefined);
    if (found === undefined) return skip(`${dataDir} is not there yet; gosling init or gosling up makes it`);
    if (!found.isDirectory()) return fail(`${dataDir} is no directory`, 'set GOSLING_DATA_DIR to one');
    const isOurs = process.getuid === undefined || process.getuid() === 0 || found.uid === process.getuid();
    if (!isOurs) return fail(`${dataDir} belongs to another user`, 'run gosling as its owner');
    if ((found.mode & othersBits) !== 0) {
      return fail(
        `${dataDir} is open to others (${(found.mode & 0o777).toString(8)})`,
        `chmod 700 ${dataDir}`,
      );
    }
    await access(dataDir, constants.R_OK | constants.W_OK);
    return ok(dataDir);
  },
};

export const localRunnersCheck: Check = {
  id: 'local-runners',
  title: 'local runners',
  async look({ env, clock, signal }) {
    const { readConfig } = await import('@polar-gosling/mothergoose');
    const reading = readConfig(env);
    if (reading.kind === 'wrong') return skip('correct the configuration first');
    const { chooseLocalRunners } = await import('../up/local-runners.ts');
    const { config } = reading;
    const local = await chooseLocalRunners({ config, env, relaySocket: '', clock, signal });
    if (local.container === undefined) return lookAtProcesses(local.detail, { env, signal });
    const refused = local.refuse();
    if (refused !== undefined) return fail(local.detail, refused);
    const { hasImage } = await import('@polar-gosling/wiring');
    if (await hasImage(local.container, signal)) return ok(local.detail);
    const fix = `docker pull ${local.container.image}, or set GOSLING_LOCAL_IMAGE to one that is here`;
    return warn(`${local.detail}; the image is not on this host, and is fetched by the first runner`, fix);
  },
};

async function lookAtProcesses(
  detail: string,
  { env, signal }: { env: Environment; signal: AbortSignal },
): Promise<Finding> {
  if (process.getuid?.() !== 0) {
    const fix = 'install Docker, run gosling up as root, or set GOSLING_UNSAFE_LOCAL=1 for servers you trust';
    return warn(`${detail}; not root: their jobs could read what this user can`, fix);
  }
  if ((await readVersionLine('id', ['-u', jobUser], signal)) !== undefined)
    return ok(`${detail}; jobs run as ${jobUser}`);
  const maker = (await findOnPath('useradd', env['PATH'])) ?? (await findOnPath('adduser', env['PATH']));
  if (maker !== undefined) return ok(`${detail}; jobs will run as ${jobUser} (made with ${maker})`);
  return fail(
    `there is no user ${jobUser} and no tool to make one`,
    `make the system user ${jobUser}, or use Docker`,
  );
}
