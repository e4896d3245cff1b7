import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../config.ts';
import { findOnPath } from '../find-on-path.ts';
import { readVersionLine } from '../read-version.ts';
import { userBinDir } from '../user-bin-dir.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { isAtLeast, readVersion, showVersion } from './versions.ts';

export const nodeCheck: Check = {
  id: 'node',
  title: 'Node.js',
  async look() {
    const { node } = process.versions;
    const isNew = isAtLeast(readVersion(node) ?? [], [22, 18]);
    return isNew ? ok(node) : fail(`${node} is too old`, 'install Node.js 22.18 or newer');
  },
};

export const gitCheck: Check = {
  id: 'git',
  title: 'git',
  async look({ env, signal }) {
    const program = await findOnPath('git', env['PATH']);
    if (program === undefined) return fail('not on PATH', 'install git 2.30 or newer');
    const version = readVersion(await readVersionLine(program, ['--version'], signal));
    if (version === undefined) return fail(`${program} does not run`, 'install git 2.30 or newer');
    const found = `${showVersion(version)} (${program})`;
    return isAtLeast(version, [2, 30]) ? ok(found) : fail(`${found} is too old`, 'install git 2.30 or newer');
  },
};

export const tofuCheck: Check = {
  id: 'tofu',
  title: 'OpenTofu',
  async look({ env, signal }) {
    const fix = 'install OpenTofu 1.11 or newer, or set GOSLING_TOFU_BIN; gosling demo fetches it by itself';
    const configured = env['GOSLING_TOFU_BIN'] || undefined;
    const tofu = configured ?? (await newestManaged(env)) ?? (await findOnPath('tofu', env['PATH']));
    if (tofu !== undefined) {
      const version = readVersion(await readVersionLine(tofu, ['version'], signal));
      if (version === undefined) return fail(`${tofu} does not run`, fix);
      if (!isAtLeast(version, [1, 11])) return fail(`${showVersion(version)} (${tofu}) is too old`, fix);
      return ok(`${showVersion(version)} (${tofu})`);
    }
    const terraform = await findOnPath('terraform', env['PATH']);
    if (terraform === undefined) return fail('neither tofu nor terraform is on PATH', fix);
    const version = readVersion(await readVersionLine(terraform, ['version'], signal));
    if (version === undefined) return fail(`${terraform} does not run`, fix);
    const found = `terraform ${showVersion(version)} (${terraform})`;
    if (!isAtLeast(version, [1, 11])) return fail(`${found} is too old`, fix);
    return warn(
      `${found} stands in, for an embedded instance only; it encrypts neither states nor plans`,
      fix,
    );
  },
};

/** As an instance finds it: the newest of those that were fetched. */
async function newestManaged(env: Environment): Promise<string | undefined> {
  const folder = userBinDir(env);
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^tofu-\d+\.\d+\.\d+$/.test(name));
  const newest = names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return newest === undefined ? undefined : path.join(folder, newest);
}

export const gitlabRunnerCheck: Check = {
  id: 'gitlab-runner',
  title: 'gitlab-runner',
  async look({ env, signal }) {
    const program = env['GOSLING_GITLAB_RUNNER_BIN'] || (await findOnPath('gitlab-runner', env['PATH']));
    if (!program) {
      return warn(
        'not on PATH: local runners use the simulator’s runner, which is for the demo',
        'install gitlab-runner, or set GOSLING_GITLAB_RUNNER_BIN',
      );
    }
    const line = await readVersionLine(program, ['--version'], signal);
    if (line === undefined) return fail(`${program} does not run`, 'install gitlab-runner for this machine');
    return ok(`${showVersion(readVersion(line))} (${program})`);
  },
};
