import { access, constants, stat } from 'node:fs/promises';
import { findOnPath } from '../find-on-path.ts';
import { readVersionLine } from '../read-version.ts';
import { type Check, fail, ok, skip, warn } from './check.ts';

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

export const jobUserCheck: Check = {
  id: 'job-user',
  title: 'isolation of local runners',
  async look({ env, signal }) {
    const docker = await findOnPath('docker', env['PATH']);
    if (process.getuid?.() !== 0) {
      const detail = 'not root: jobs of local runners could read what this user can';
      return warn(detail, 'run gosling up as root, or set GOSLING_UNSAFE_LOCAL=1 for servers you trust');
    }
    if ((await readVersionLine('id', ['-u', jobUser], signal)) !== undefined)
      return ok(`jobs run as ${jobUser}`);
    const maker = (await findOnPath('useradd', env['PATH'])) ?? (await findOnPath('adduser', env['PATH']));
    if (maker !== undefined) return ok(`jobs will run as ${jobUser} (made with ${maker})`);
    return fail(
      `there is no user ${jobUser} and no tool to make one`,
      docker === undefined
        ? `make the system user ${jobUser}`
        : `make the system user ${jobUser}, or use Docker`,
    );
  },
};
