import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { runnerErrors } from './runner-errors.ts';

export interface RunnerArguments {
  readonly configPath: string;
  readonly workingDirectory: string;
  /** System user that jobs run as; our own when absent. */
  readonly user: string | undefined;
  readonly listenAddress: string | undefined;
}

const usage =
  'usage: sim-runner run --config /abs/config.toml --working-directory DIR [--user NAME] [--listen-address HOST:PORT]';

/** Reads `run --config … --working-directory …`, the part of gitlab-runner's command line that is served. */
export function parseRunnerArguments(argv: readonly string[]): RunnerArguments {
  const { values, positionals } = parse(argv);
  if (positionals.length !== 1 || positionals[0] !== 'run') throw runnerErrors.usage({ problem: usage });
  const configPath = values.config;
  if (configPath === undefined) throw runnerErrors.usage({ problem: `--config is missing; ${usage}` });
  // The real one changes directory first and then idles for ever, because a relative file is not there.
  if (!isAbsolute(configPath)) {
    throw runnerErrors.usage({ problem: `--config must be an absolute path, not ${configPath}` });
  }
  return {
    configPath,
    workingDirectory: values['working-directory'] ?? '.',
    user: values.user,
    listenAddress: values['listen-address'],
  };
}

function parse(argv: readonly string[]) {
  const option = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { config: option, 'working-directory': option, user: option, 'listen-address': option },
    });
  } catch (cause) {
    throw runnerErrors.usage({ problem: `${String(cause)}; ${usage}` }, { cause });
  }
}
