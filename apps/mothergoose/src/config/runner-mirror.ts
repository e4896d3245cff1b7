import type { ConfigProblem, Environment } from './problem.ts';

const mirrorName = 'GOSLING_GITLAB_RUNNER_MIRROR';
const sumName = 'GOSLING_GITLAB_RUNNER_SHA256';
const platforms = ['linux-amd64', 'linux-arm64'];
const hex = /^[0-9a-f]{64}$/;

/** Where agents fetch gitlab-runner, with the SHA-256 of each platform it is for. */
export interface RunnerMirror {
  /** `{os}` and `{arch}` stand for the machine's. */
  readonly url: string;
  readonly sha256: Readonly<Record<string, string>>;
}

/** The mirror of the environment; nothing without one. Its problems are told by `runnerMirrorProblems`. */
export function readRunnerMirror(given: Environment): RunnerMirror | undefined {
  const url = given[mirrorName];
  if (url === undefined) return undefined;
  return { url, sha256: Object.fromEntries(sumsOf(given[sumName] ?? '')) };
}

export function runnerMirrorProblems(given: Environment): ConfigProblem[] {
  const url = given[mirrorName];
  const sums = given[sumName];
  if (url === undefined && sums === undefined) return [];
  if (url === undefined) return [{ name: sumName, message: `has no effect unless ${mirrorName} is set` }];
  const problems: ConfigProblem[] = [];
  const parsed = URL.parse(url.replaceAll('{os}', 'linux').replaceAll('{arch}', 'amd64'));
  if (parsed?.protocol !== 'https:' || parsed.username !== '' || parsed.password !== '') {
    const message = 'an https:// address of the program, {os} and {arch} in it; no user or password';
    problems.push({ name: mirrorName, message });
  }
  if (sums === undefined) {
    problems.push({ name: mirrorName, message: `nothing is fetched unchecked: set ${sumName} too` });
  } else if (!sumsOf(sums).every(([platform, sum]) => platforms.includes(platform) && hex.test(sum))) {
    const message = `64 digits of 0-9a-f for each platform, as ${platforms.join('=…,')}=…`;
    problems.push({ name: sumName, message });
  }
  return problems;
}

function sumsOf(text: string): (readonly [platform: string, sum: string])[] {
  return text.split(',').map((part) => {
    const [platform = '', sum = ''] = part.trim().split('=');
    return [platform, sum];
  });
}
