import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { IdSource } from '@polar-gosling/kernel';
import { parseRunnerConfig, type RunnerConfig } from './runner-config.ts';
import { runnerErrors } from './runner-errors.ts';
import type { RunnerLog } from './runner-log.ts';

/** The configuration as it stands now; a changed file is read again, a broken one leaves the last good one. */
export interface ConfigFile {
  current(): RunnerConfig;
}

export function openConfigFile(path: string, log: RunnerLog): ConfigFile {
  let stamp = stampOf(path);
  let config = load(path);
  return {
    current() {
      const now = stampOf(path);
      if (now === stamp) return config;
      stamp = now;
      try {
        config = load(path);
        log('info', 'Configuration loaded', {});
      } catch (error) {
        log('error', 'Configuration could not be loaded; the last one stays', { error: String(error) });
      }
      return config;
    },
  };
}

/** Reads `.runner_system_id` beside the configuration, or makes it: `r_` and twelve letters. */
export function readSystemId(configPath: string, ids: IdSource): string {
  const path = join(dirname(configPath), '.runner_system_id');
  const known = readIfThere(path)?.trim();
  if (known !== undefined && /^[sr]_[0-9a-zA-Z]{12}$/.test(known)) return known;
  const systemId = `r_${ids
    .token(32)
    .replaceAll(/[^0-9a-zA-Z]/g, '')
    .slice(0, 12)}`;
  writeFileSync(path, systemId, { mode: 0o600 });
  return systemId;
}

function load(path: string): RunnerConfig {
  const toml = readIfThere(path);
  if (toml === undefined) throw runnerErrors.badConfig({ path, problems: 'cannot be read' });
  const parsed = parseRunnerConfig(toml);
  if (parsed.kind === 'invalid') {
    throw runnerErrors.badConfig({ path, problems: parsed.problems.join('; ') });
  }
  return parsed.config;
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // the caller says what a missing file means
  }
}
